// on_thread_pool: runs blocking functions on other threads than the loop's.
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

/// A call that is queued for, or running on, a thread of the pool.
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
  /// Called on the pool's thread.
  virtual void call() noexcept = 0;
  /// Waits until no thread uses this object any more.
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

/// Returned by `on_thread_pool`; await it once.
template <class F>
class [[nodiscard("co_await it")]] thread_pool_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = std::invoke_result_t<F&>;
  /// Called by `on_thread_pool`.
  explicit thread_pool_operation(F function) : function_(std::move(function)) {}
  /// Starts the operation.
  detail::pool_call<F> operator co_await() && { return detail::pool_call<F>(std::move(function_)); }

 private:
  F function_;
};

/// Calls `function()`, which may block, on a thread of a pool that all loops of the process share, and completes with
/// its value or its exception. The pool has at most `thread_pool_size` threads, which are started on demand; further
/// calls are queued. Cancellation removes a queued call. A call that has started cannot be canceled: the operation
/// waits until it returns, and delivers its value. Throws `error` if the pool has no thread and none can be started.
///
/// `function` may itself run a loop whose tasks use the pool: a call made on a thread of the pool is never queued. If
/// no thread is idle, an additional one is started, beyond `thread_pool_size`; if that fails, `error` is thrown.
/// However, if all threads of the pool block until threads outside of the pool have made calls on the pool, they
/// deadlock.
///
/// A forked child process has its own pool, without the calls that were in progress in its parent.
///
///     std::string text = co_await on_thread_pool([&] { return read_file(path); });
template <class F>
  requires std::is_invocable_v<F&>
thread_pool_operation<F> on_thread_pool(F function) {
  return thread_pool_operation<F>(std::move(function));
}

/// The maximum number of threads of the pool of `on_thread_pool`, not counting those started for nested calls.
inline constexpr unsigned thread_pool_size = 16;

}  // namespace strait
