// Accepting, and waiting when the system has run out of what a connection needs.
#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>

#include "core/loop.hpp"
#include "net/listener_socket.hpp"
#include "net/stream_socket.hpp"

namespace strait::detail {
namespace {

constexpr std::chrono::milliseconds first_back_off{5};
constexpr std::chrono::milliseconds longest_back_off{100};

bool is_shortage(int code) noexcept { return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM; }

}  // namespace

listener_socket::~listener_socket() {
  if (accepting_) accepting_->listener_closed();
  if (watched_) watched_->close();
}

void listener_socket::admit(accept_awaiter&, branch& where) {
  if (accepting_)
    throw std::logic_error(fmt::format("strait: two accepts at once on {}: one task at a time may accept", where_));
  if (loop_ == &where.core()) [[likely]]
    return;
  if (loop_)
    throw std::logic_error(
        fmt::format("strait: the listener on {} is used on two loops: give each loop a listener of "
                    "its own, with reuse_port",
                    where_));
  try {
    watched_ = &loop_of(where.core()).engine().attach(descriptor_.get());
  } catch (std::system_error const& e) {
    throw error(e.code(), fmt::format("watch the listener on {}", where_));
  }
  static_cast<void>(descriptor_.release());
  loop_ = &where.core();
  loop_of(*loop_).users().push_back(*this);
}

void listener_socket::loop_ended() noexcept {
  descriptor_ = unique_descriptor(std::exchange(watched_, nullptr)->release());
  loop_ = nullptr;
}

tcp::stream listener_socket::adopt(unique_descriptor accepted) const {
  auto const peer = endpoint::from_sockaddr(reinterpret_cast<sockaddr const*>(&peer_));
  return stream_socket::make_stream(std::move(accepted), peer);
}

accept_awaiter::accept_awaiter(listener_socket* socket) noexcept : io_operation(kind::accept), socket_(socket) {}

accept_awaiter::~accept_awaiter() {
  if (has_accepted_) ::close(static_cast<int>(moved_));
  if (!is_waiting() || !socket_) return;
  if (state_ == state::started) socket_->watched_->abandon(*this);
  socket_->accepting_ = nullptr;
}

bool accept_awaiter::start(branch& where, std::coroutine_handle<> self) {
  if (where.is_canceled()) {
    error_ = ECANCELED;
    return false;
  }
  if (!socket_) {
    error_ = EBADF;
    return false;
  }
  socket_->admit(*this, where);
  loop_ = &where.core();
  buffer_ = const_buffer(&socket_->peer_, sizeof socket_->peer_);
  if (advance()) return false;
  socket_->accepting_ = this;
  suspend(where, self);
  return true;
}

/// True if there is a result; false if the engine, the loop's queue or the timer holds the operation.
bool accept_awaiter::advance() noexcept {
  if (loop_->budget-- <= 0) {
    state_ = state::queued;
    run_soon(*loop_, *this);
    return false;
  }
  state_ = state::started;
  return socket_->watched_->start(*this) && has_ended();
}

/// Takes in what an attempt has given. One that has failed for want of descriptors or memory, which others may give
/// back, is to be made again after a while.
bool accept_awaiter::has_ended() noexcept {
  has_accepted_ = error_ == 0;
  bool const had_enough = error_ == EAGAIN;  // of broken connections: others get their turn
  if (!had_enough && !is_shortage(error_)) return true;
  if (is_canceled_) {
    error_ = ECANCELED;
    return true;
  }
  if (had_enough) {
    state_ = state::queued;
    run_soon(*loop_, *this);
    return false;
  }
  back_off_ = std::clamp(2 * back_off_, first_back_off, longest_back_off);
  ++socket_->back_offs_;
  state_ = state::backing_off;
  set(*loop_, clock::now() + back_off_);
  return false;
}

void accept_awaiter::io_done() noexcept {
  if (has_ended()) end();
}

void accept_awaiter::run_work() noexcept {
  if (state_ == state::started) {
    io_done();
    return;
  }
  if (state_ == state::queued) {
    loop_of(*loop_).refresh();
    if (!advance()) return;
  }
  end();
}

void accept_awaiter::end() noexcept {
  if (socket_) socket_->accepting_ = nullptr;
  resume();
}

void accept_awaiter::expired() noexcept {
  state_ = state::queued;
  run_soon(*loop_, *this);
}

void accept_awaiter::cancel() noexcept {
  if (is_canceled_) return;
  is_canceled_ = true;
  finish_with(ECANCELED);
}

void accept_awaiter::listener_closed() noexcept {
  bool const ends_by_engine = state_ == state::started;
  socket_ = nullptr;
  if (!ends_by_engine) finish_with(EBADF);
}

void accept_awaiter::finish_with(int code) noexcept {
  switch (state_) {
    case state::started: socket_->watched_->cancel(*this); return;
    case state::backing_off:
      reset();
      run_soon(*loop_, *this);
      break;
    case state::queued:  // it is in the queue already
    case state::ended: break;
  }
  state_ = state::ended;
  error_ = code;
}

tcp::stream accept_awaiter::await_resume() {
  if (has_accepted_ && socket_) {
    has_accepted_ = false;
    return socket_->adopt(unique_descriptor(static_cast<int>(moved_)));
  }
  if (error_ == ECANCELED) throw canceled();
  if (!socket_ || error_ == EBADF) throw error(errc::closed, "accept");
  throw system_failure(error_, fmt::format("accept on {}", socket_->where()));
}

}  // namespace strait::detail
