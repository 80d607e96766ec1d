// on_thread_pool: blocking work, off the loop's thread.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "strait/base/error.hpp"
#include "strait/base/export.hpp"
#include "strait/core/task.hpp"

namespace strait {
namespace detail {

class pool_job;

/// A call waiting for, or under way on, one of the pool's threads.
class STRAIT_API pool_call_base : public operation {
 public:
  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    return start(self.promise().current_branch(), self);
  }

 protected:
  pool_call_base() = default;
  ~pool_call_base() = default;
  /// Runs on the pool's thread.
  virtual void call() noexcept = 0;
  /// Returns when no thread uses this any more.
  void retire() noexcept;
  void rethrow() const {
    if (canceled_) throw canceled();
    if (failure_) std::rethrow_exception(failure_);
  }
  std::exception_ptr failure_;

 private:
  friend class pool_job;
  bool start(branch& where, std::coroutine_handle<> self);
  void cancel() noexcept override;
  pool_job* job_ = nullptr;
  bool canceled_ = false;
};

template <class F>
class pool_call final : public pool_call_base {
  using value = std::invoke_result_t<F&>;

 public:
  explicit pool_call(F&& function) : function_(std::move(function)) {}
  ~pool_call() { retire(); }
  value await_resume() {
    rethrow();
    if constexpr (!std::is_void_v<value>) return std::move(*value_);
  }

 private:
  void call() noexcept override {
    try {
      if constexpr (std::is_void_v<value>) function_();
      else value_.emplace(function_());
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  F function_;
  std::optional<std::conditional_t<std::is_void_v<value>, char, value>> value_;
};

}  // namespace detail

/// See `on_thread_pool`.
template <class F>
class [[nodiscard("co_await it")]] thread_pool_operation {
 public:
  using await_result = std::invoke_result_t<F&>;
  explicit thread_pool_operation(F function) : function_(std::move(function)) {}
  detail::pool_call<F> operator co_await() && { return detail::pool_call<F>(std::move(function_)); }

 private:
  F function_;
};

/// Calls `function()`, which may block, on a thread of a pool that all loops of the process share, and completes with
/// its value or its exception. The pool has at most `thread_pool_size` threads, begun when they are needed; further
/// calls wait in order. A cancel ends the wait of a call that has not begun; one that has begun is waited for, and its
/// value delivered. Throws `error` if the pool has no thread and none can be begun.
///
/// `function` may itself run a loop whose tasks use the pool: a call made on a thread of the pool is never queued. If
/// no thread is idle, one more is started for it, beyond `thread_pool_size`; if that fails, it throws `error`. But a
/// `function` that blocks until a thread outside of the pool has made a call on the pool can deadlock, once all threads
/// of the pool do the same.
///
/// A forked child process has a pool of its own, without the calls that were under way in its parent.
///
///     std::string text = co_await on_thread_pool([&] { return read_file(path); });
template <class F>
  requires std::is_invocable_v<F&>
thread_pool_operation<F> on_thread_pool(F function) {
  return thread_pool_operation<F>(std::move(function));
}

/// The greatest number of threads that blocking calls may use at the same time.
inline constexpr unsigned thread_pool_size = 16;

}  // namespace strait
