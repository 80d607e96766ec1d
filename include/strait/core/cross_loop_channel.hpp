// cross_loop_channel: values from task to task on several loops, and from threads without one.
#pragma once

#include <coroutine>
#include <utility>

#include "strait/base/export.hpp"
#include "strait/core/detail/basic_channel.hpp"

namespace strait {
namespace detail {

/// A lock, and whom it is shared by: the channel, and everyone who waits or has not gone on yet, and who may come to it
/// when the channel is gone.
class shared_lock;

/// One lock decides all races between those that send, receive, close and cancel.
class STRAIT_API many_loops {
 public:
  many_loops();
  many_loops(many_loops const&) = delete;
  many_loops& operator=(many_loops const&) = delete;
  ~many_loops();
  void lock() noexcept;
  void unlock() noexcept;

  /// Other threads hand it what it waits for, and post it to its loop, all while they hold the lock. It takes the lock
  /// before it goes on, so by then they have finished with it and with its loop.
  class waiter : public detail::waiter {
   public:
    template <class P>
    bool await_suspend(std::coroutine_handle<P> self) noexcept {
      return start(self.promise().current_branch(), self);
    }

   protected:
    waiter(wait_queue& queue, many_loops& sync) noexcept : detail::waiter(queue), lock_(*sync.lock_) {}
    ~waiter() = default;

    template <class F>
    void drop(F give_back) noexcept {
      begin_leaving();
      if (queue_) give_back();
      leave();
    }

   private:
    bool start(branch& where, std::coroutine_handle<> self) noexcept;
    void begin_leaving() noexcept;
    void leave() noexcept;
    void wake() noexcept final;
    void run_work() noexcept final;
    void cancel() noexcept final;
    shared_lock& lock_;
  };

 private:
  shared_lock* lock_;
};

}  // namespace detail

/// A `channel` whose tasks may run on different loops, each of which it wakes. All its members may be called **from any
/// thread**; those that do not wait, `try_send`, `try_receive` and `close`, also where there is no loop.
///
///     cross_loop_channel<job> jobs(1000);
///     std::jthread reader([&] { while (…) if (!jobs.try_send(…)) …; jobs.close(); });
///     run([&]() -> task<> { while (auto job = co_await jobs.receive()) …; });
///
/// It costs a lock per operation, and a wake-up per wait that ends: on one loop use `channel`. Destroy it when nobody
/// uses it any more; only who already waits may still do so, and ends as if it were closed. `T`'s move constructor must
/// not use the channel.
template <class T>
class cross_loop_channel : public detail::basic_channel<T, detail::many_loops> {
 public:
  /// Throws `std::bad_alloc`.
  explicit cross_loop_channel(std::size_t capacity) : detail::basic_channel<T, detail::many_loops>(capacity) {}
};

}  // namespace strait
