// channel: values from task to task on one loop.
#pragma once

#include "strait/core/detail/basic_channel.hpp"

namespace strait {
namespace detail {

/// All that use a channel run on one thread: there is nothing to lock.
class one_loop {
 public:
  static constexpr void lock() noexcept {}
  static constexpr void unlock() noexcept {}

  class waiter : public detail::waiter {
   protected:
    waiter(wait_queue& queue, one_loop&) noexcept : detail::waiter(queue) {}
    ~waiter() = default;

    /// The coroutine is destroyed while it waits; `give_back` gives back what it was served with.
    template <class F>
    void drop(F give_back) noexcept {
      if (queue_) give_back();
    }
  };
};

}  // namespace detail

/// A queue of up to `capacity` values between any number of tasks that send and any number that receive; with capacity
/// 0, a place where a sender and a receiver meet.
///
///     channel<job> jobs(16);
///     co_await jobs.send(std::move(next));                 // waits while there are 16
///     while (auto job = co_await jobs.receive()) …         // until it is closed and empty
///
/// First come, first served, on both sides. Belongs to one loop's thread. `T` must move without throwing; nothing is
/// allocated once the channel is made. When it is destroyed, who waits for it ends as if it were closed.
///
/// No value is lost: a receiver that was handed one in the turn in which it is canceled gets it, and if such a task is
/// destroyed before it goes on, the value is the next to be received.
///
/// g++ 12 destroys an aggregate twice that is written inside the `co_await`, `co_await jobs.send(job{…})`: give it a
/// name.
template <class T>
class channel : public detail::basic_channel<T, detail::one_loop> {
 public:
  /// Throws `std::bad_alloc`.
  explicit channel(std::size_t capacity) : detail::basic_channel<T, detail::one_loop>(capacity) {}
};

}  // namespace strait
