// The implementation of socket_awaiter, for the source files of the derived awaiters.
#pragma once

#include <cerrno>

#include "core/loop.hpp"
#include "net/watched_socket.hpp"
#include "strait/net/detail/socket_awaiter.hpp"

namespace strait::detail {

template <class Awaiter, class Operation>
bool socket_awaiter<Awaiter, Operation>::start(branch& where, std::coroutine_handle<> coroutine) {
  if (where.is_canceled()) {
    this->error_ = ECANCELED;
    return where.completed_at_once(coroutine);
  }
  auto* const socket = self().socket_;
  if (!socket) {
    this->error_ = EBADF;
    return where.completed_at_once(coroutine);
  }
  loop_core& loop = where.core();
  if (!socket->admits(self(), loop)) [[unlikely]]
    socket->admit(self(), loop);
  if (self().is_done_already()) return where.completed_at_once(coroutine);
  if (socket->is_free_for(self())) [[likely]] {
    if (advance(loop)) {
      socket->moved_at_once(self());
      return false;
    }
  } else {
    state_ = state::aside;
  }
  this->suspend(where, coroutine);
  socket->occupy(self());
  return true;
}

/// Makes attempts until there is a result (returns true), or until something else will continue the operation.
template <class Awaiter, class Operation>
inline bool socket_awaiter<Awaiter, Operation>::advance(loop_core& loop) noexcept {
  for (;;) {
    if (!loop.spend(loop_core::operation_cost)) {
      try_again_soon(loop);
      return false;
    }
    state_ = state::started;
    self().prepare();
    if (!self().socket_->watched().start(*this)) return false;
    progress const made = self().take_in(loop);
    if (made == progress::done) return true;
    if (made == progress::postponed) return false;
  }
}

template <class Awaiter, class Operation>
void socket_awaiter<Awaiter, Operation>::try_again_soon(loop_core& loop) noexcept {
  state_ = state::queued;
  run_soon(loop, *this);
}

template <class Awaiter, class Operation>
void socket_awaiter<Awaiter, Operation>::io_done() noexcept {
  loop_core& loop = this->waiting_branch().core();
  progress const made = self().take_in(loop);
  if (made == progress::postponed) return;
  if (made == progress::unfinished) {
    if (early_end_ != early_end::none) {
      this->error_ = ECANCELED;
    } else if (!self().socket_) {  // closed since this attempt
      this->error_ = EBADF;
    } else {
      loop_of(loop).refresh_budget();
      if (!advance(loop)) return;
    }
  }
  end();
}

template <class Awaiter, class Operation>
void socket_awaiter<Awaiter, Operation>::run_work() noexcept {
  if (state_ == state::started) {
    io_done();
    return;
  }
  if (state_ == state::queued) {
    loop_core& loop = this->waiting_branch().core();
    loop_of(loop).refresh_budget();
    if (!advance(loop)) return;
  }
  end();
}

template <class Awaiter, class Operation>
void socket_awaiter<Awaiter, Operation>::end() noexcept {
  if (self().socket_) self().socket_->vacate(self());
  this->resume();
}

template <class Awaiter, class Operation>
void socket_awaiter<Awaiter, Operation>::end_early(early_end why) noexcept {
  if (early_end_ != early_end::none) return;
  early_end_ = why;
  if (state_ != state::started) finish_with(ECANCELED);
  else if (self().socket_) self().socket_->watched().cancel(*this);
}

template <class Awaiter, class Operation>
void socket_awaiter<Awaiter, Operation>::socket_closed() noexcept {
  self().socket_ = nullptr;
  if (state_ != state::started) finish_with(EBADF);
}

template <class Awaiter, class Operation>
void socket_awaiter<Awaiter, Operation>::finish_with(int code) noexcept {
  if (state_ == state::ended) return;
  if (state_ == state::aside) {
    self().recalled();
    run_soon(this->waiting_branch().core(), *this);
  }
  state_ = state::ended;
  this->error_ = code;
}

template <class Awaiter, class Operation>
void socket_awaiter<Awaiter, Operation>::drop() noexcept {
  if (!self().socket_) return;
  if (state_ == state::started) self().socket_->watched().abandon(*this);
  self().socket_->vacate(self());
}

}  // namespace strait::detail
