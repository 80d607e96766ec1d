// channel: passes values between tasks on one loop.
#pragma once

#include "strait/core/basic_channel.hpp"

namespace strait {
namespace detail {

/// The lock of `channel`, which does nothing, because all tasks that use the channel run on one thread.
class one_loop {
 public:
  static constexpr void lock() noexcept {}
  static constexpr void unlock() noexcept {}

  class waiter : public detail::waiter {
   protected:
    waiter(wait_queue& queue, one_loop&) noexcept : detail::waiter(queue) {}
    ~waiter() = default;

    /// Called when the coroutine is destroyed while it waits. `give_back` returns the value that the waiter was served
    /// with, if any, to the channel.
    template <class F>
    void drop(F give_back) noexcept {
      if (queue_) give_back();
    }
  };
};

}  // namespace detail

/// A queue of up to `capacity` values, for any number of sending and receiving tasks. With capacity 0, `send` completes
/// when a receiver has taken the value.
///
///     channel<job> jobs(16);
///     co_await jobs.send(std::move(next));                 // waits while 16 values are queued
///     while (auto job = co_await jobs.receive()) …         // until the channel is closed and empty
///
/// Senders and receivers are served in the order in which they started to wait. All members must be called on the
/// loop's thread. `T` must be nothrow move constructible. After construction, nothing is allocated. Destroying the
/// channel ends the waiting operations as `close` does.
///
/// No value is lost: if a receiver was served in the turn in which it is canceled, it returns the value; if its task is
/// destroyed before it resumes, the value goes to the next receiver.
///
/// g++ 12 destroys an aggregate twice that is created inside the `co_await` expression, as in
/// `co_await jobs.send(job{…})`: use a variable.
template <class T>
class channel : public basic_channel<T, detail::one_loop> {
 public:
  /// Allocates memory for `capacity` values. Throws `std::bad_alloc`.
  explicit channel(std::size_t capacity) : basic_channel<T, detail::one_loop>(capacity) {}
};

}  // namespace strait
