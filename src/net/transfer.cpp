// Reads and writes: what an awaiter does from the first attempt to the result.
#include <cerrno>

#include <fmt/format.h>

#include "core/loop.hpp"
#include "net/stream_socket.hpp"
#include "strait/net/tcp.hpp"

namespace strait::detail {
namespace {

// In `error_`, where system calls put an errno, which is positive.
constexpr int ended_early = -1;

void skip(const_buffer& first, const_buffers& more, std::size_t bytes) noexcept {
  while (bytes >= first.size() && !more.empty()) {
    bytes -= first.size();
    first = more.front();
    more = more.subspan(1);
  }
  first = const_buffer(static_cast<char const*>(first.data()) + bytes, first.size() - bytes);
}

}  // namespace

void transfer_awaiter::add(const_buffers more) noexcept {
  more_ = more;
  wanted_ += total_size(more_);
  skip(buffer_, more_, 0);
}

/// Takes in what an attempt has moved; true if there is nothing more to do.
inline bool transfer_awaiter::is_done() noexcept {
  if (error_ != 0) [[unlikely]]
    return true;
  transferred_ += moved_;
  return how_much_ == transfer_request::amount::some || transferred_ == wanted_ || is_done_after_part();
}

bool transfer_awaiter::is_done_after_part() noexcept {
  if (moved_ == 0) {  // only a read's end of the stream: a write moves something or waits
    error_ = ended_early;
    return true;
  }
  skip(buffer_, more_, moved_);
  return false;
}

/// Goes on until there is a result (true) or the engine, or the loop's queue, holds the operation.
inline bool transfer_awaiter::advance(loop_core& loop) noexcept {
  do {
    if (loop.budget-- <= 0) {
      state_ = state::queued;
      run_soon(loop, *this);
      return false;
    }
    state_ = state::started;
    if (!socket_->watched().start(*this)) return false;
  } while (!is_done());
  return true;
}

bool transfer_awaiter::start(branch& where, std::coroutine_handle<> self) {
  if (where.is_canceled()) {
    error_ = ECANCELED;
    return false;
  }
  if (!socket_) {
    error_ = EBADF;
    return false;
  }
  loop_core& loop = where.core();
  if (!socket_->admits(*this, loop)) [[unlikely]]
    socket_->admit(*this, loop);
  if (wanted_ == 0) return false;
  if (advance(loop)) {
    socket_->moved_at_once();
    return false;
  }
  socket_->occupy(*this);
  suspend(where, self);
  return true;
}

void transfer_awaiter::io_done() noexcept {
  if (!is_done()) {
    if (early_end_ != early_end::none) {
      error_ = ECANCELED;
    } else if (!socket_) {  // closed since this part was moved
      error_ = EBADF;
    } else {
      loop_of(waiting_branch().core()).refresh();
      socket_->touch();
      if (!advance(waiting_branch().core())) return;
    }
  }
  end();
}

void transfer_awaiter::run_work() noexcept {
  if (state_ == state::started) {
    io_done();
    return;
  }
  if (state_ == state::queued) {
    loop_of(waiting_branch().core()).refresh();
    if (!advance(waiting_branch().core())) return;
  }
  end();
}

void transfer_awaiter::end() noexcept {
  if (socket_) socket_->vacate(*this);
  resume();
}

void transfer_awaiter::cancel() noexcept { end_early(early_end::canceled); }

void transfer_awaiter::end_early(early_end why) noexcept {
  if (early_end_ != early_end::none) return;
  early_end_ = why;
  if (state_ == state::started) {
    if (socket_) socket_->watched().cancel(*this);
  } else {
    state_ = state::ended;  // it is in the queue already
    error_ = ECANCELED;
  }
}

void transfer_awaiter::time_out() noexcept { end_early(early_end::timed_out); }

void transfer_awaiter::drop() noexcept {
  if (!socket_) return;
  if (state_ == state::started) socket_->watched().abandon(*this);
  socket_->vacate(*this);
}

result<std::size_t> transfer_awaiter::await_as_result() {
  if (error_ == 0) return transferred_;
  try {
    fail();
  } catch (std::system_error const& e) {
    return {e.code(), std::current_exception()};
  }
}

void transfer_awaiter::fail() const {
  if (error_ == ECANCELED && early_end_ != early_end::timed_out) throw canceled(transferred_);
  char const* const doing = what_ == kind::read ? "read" : "write";
  if (!socket_ || error_ == EBADF) throw error(errc::closed, doing, transferred_);
  auto const context = fmt::format("{} {} {}", doing, what_ == kind::read ? "from" : "to", socket_->peer());
  if (error_ == ended_early) throw unexpected_end(context, transferred_, wanted_);
  if (early_end_ == early_end::timed_out) throw timed_out(context, transferred_);
  throw system_failure(error_, context, transferred_);
}

}  // namespace strait::detail
