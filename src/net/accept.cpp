// Accepting, and backing off when descriptors or memory are exhausted.
#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>

#include "net/listener_socket.hpp"
#include "net/socket_awaiter.hpp"
#include "net/socket_handle.hpp"

namespace strait {
namespace detail {
namespace {

constexpr std::chrono::milliseconds first_back_off{5};
constexpr std::chrono::milliseconds longest_back_off{100};

bool is_shortage(int code) noexcept { return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM; }

}  // namespace

listener_socket::~listener_socket() {
  if (accepting_) accepting_->socket_closed();
}

void listener_socket::admit(accept_awaiter&, loop_core& loop) {
  if (accepting_)
    throw std::logic_error(
        fmt::format("strait: two accepts at once on {}: only one task may accept at a time", where_));
  watch(loop, "give each loop a listener of its own, with reuse_port");
}

std::string listener_socket::name() const { return fmt::format("the listener on {}", where_); }

accept_awaiter::accept_awaiter(listener_socket* socket) noexcept : socket_awaiter(kind::accept), socket_(socket) {
  if (socket_) buffer_ = const_buffer(&socket_->peer_, sizeof socket_->peer_);
}

accept_awaiter::~accept_awaiter() {
  if (has_accepted_) ::close(static_cast<int>(moved_));
  if (is_waiting()) drop();
}

/// Retries an accept after a back-off if descriptors or memory were exhausted, or if many connections in a row were
/// aborted.
accept_awaiter::progress accept_awaiter::take_in(loop_core& loop) noexcept {
  has_accepted_ = error_ == 0;
  bool const had_enough = error_ == EAGAIN;  // of aborted connections; it may be one that is rejected each time
  if (!socket_ || (!had_enough && !is_shortage(error_))) return progress::done;
  if (early_end_ != early_end::none) {
    error_ = ECANCELED;
    return progress::done;
  }
  back_off_ = had_enough ? first_back_off : std::clamp(2 * back_off_, first_back_off, longest_back_off);
  if (!had_enough) socket_->count_back_off();
  state_ = state::aside;
  set(loop, clock::now() + back_off_);
  return progress::postponed;
}

void accept_awaiter::expired() noexcept { try_again_soon(waiting_branch().core()); }

int accept_awaiter::take_connection() {
  if (has_accepted_ && socket_) {
    has_accepted_ = false;
    return static_cast<int>(moved_);
  }
  if (error_ == ECANCELED) throw canceled();
  if (!socket_ || error_ == EBADF) throw error(errc::closed, "accept");
  throw system_failure(error_, fmt::format("accept on {}", socket_->where()));
}

template class socket_awaiter<accept_awaiter>;
template class socket_handle<listener_socket>;

}  // namespace detail

std::uint64_t socket_listener::back_offs() const noexcept { return socket_ ? socket_->back_offs() : 0; }

void detail::back_off_counting::count(socket_listener& of, counter* also) noexcept {
  if (of.socket_) of.socket_->count_back_offs(also);
}

}  // namespace strait
