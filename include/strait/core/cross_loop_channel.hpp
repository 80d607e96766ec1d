// cross_loop_channel: passes values between tasks on several loops, and threads without a loop.
#pragma once

#include <coroutine>
#include <utility>

#include "strait/base/export.hpp"
#include "strait/core/basic_channel.hpp"

namespace strait {
namespace detail {

/// A reference-counted lock, shared by the channel and all waiters that have not resumed yet, which may use it after
/// the channel has been destroyed.
class shared_lock;

/// The lock of `cross_loop_channel`: one mutex serializes send, receive, close and cancel.
class STRAIT_API many_loops {
 public:
  many_loops();
  many_loops(many_loops const&) = delete;
  many_loops& operator=(many_loops const&) = delete;
  ~many_loops();
  void lock() noexcept;
  void unlock() noexcept;

  /// Other threads serve the waiter, and post it to its loop, while they hold the lock. The waiter locks it before it
  /// resumes, so by then they no longer use the waiter or its loop.
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

/// A `channel` whose tasks may run on different loops. All members may be called **from any thread**; `try_send`,
/// `try_receive` and `close`, which do not wait, also on threads without a loop.
///
///     cross_loop_channel<job> jobs(1000);
///     std::jthread reader([&] { while (…) if (!jobs.try_send(…)) …; jobs.close(); });
///     run([&]() -> task<> { while (auto job = co_await jobs.receive()) …; });
///
/// Each operation locks a mutex, and each wait that ends wakes a loop, so prefer `channel` if all tasks run on one
/// loop. Do not destroy the channel while other threads may call its members; operations that are already waiting end
/// as if the channel were closed. The move constructor of `T` must not use the channel.
template <class T>
class cross_loop_channel : public basic_channel<T, detail::many_loops> {
 public:
  /// Allocates memory for `capacity` values. Throws `std::bad_alloc`.
  explicit cross_loop_channel(std::size_t capacity) : basic_channel<T, detail::many_loops>(capacity) {}
};

}  // namespace strait
