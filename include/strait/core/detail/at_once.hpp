// at_once_operation: an operation that usually completes immediately, from a buffer, and starts a task only if it
// cannot.
#pragma once

#include <coroutine>
#include <new>
#include <type_traits>
#include <utility>

#include "strait/base/error.hpp"
#include "strait/core/task.hpp"

namespace strait::detail {

/// Awaits a step. `step.try_now()` returns whether the step could complete immediately; if so, `step.result()` returns
/// its value; if not, the task that `step.later()` returns is awaited. In a canceled scope, neither is called. `Step`
/// is a class, or a reference to one.
template <class Step>
class at_once_awaiter {
  using value = decltype(std::declval<Step&>().result());
  using child = task_awaiter<value>;

 public:
  explicit at_once_awaiter(Step const& step) : step_(step) {}
  at_once_awaiter(at_once_awaiter const&) = delete;
  at_once_awaiter& operator=(at_once_awaiter const&) = delete;
  ~at_once_awaiter() {
    if (way_ == way::later) child_.~child();
  }

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    branch& where = self.promise().current_branch();
    if (where.is_canceled()) [[unlikely]]
      return where.completed_at_once(self);
    if (step_.try_now()) [[likely]] {
      way_ = way::at_once;
      return where.completed_at_once(self, 1);
    }
    begin_later(self);
    return true;
  }
  value await_resume() {
    if (way_ == way::at_once) [[likely]]
      return step_.result();
    if (way_ == way::later) return child_.await_resume();
    throw canceled();
  }

 private:
  enum class way : unsigned char { none, at_once, later };

  // Not inlined, so that compilers inline the small rest of await_suspend into the coroutine.
  template <class P>
  [[gnu::noinline]] void begin_later(std::coroutine_handle<P> self) {
    ::new (static_cast<void*>(&child_)) child(step_.later().operator co_await());
    way_ = way::later;
    child_.await_suspend(self);
  }

  Step step_;
  way way_ = way::none;
  union {
    child child_;
  };
};

/// The operation that is awaited with an `at_once_awaiter`. Constructs its step from `Args`.
template <class Step>
class [[nodiscard("co_await it")]] at_once_operation {
 public:
  using await_result = decltype(std::declval<Step&>().result());

  template <class... Args>
    requires std::is_constructible_v<Step, Args...>
  explicit at_once_operation(Args&&... args) noexcept(std::is_nothrow_constructible_v<Step, Args...>)
      : step_(static_cast<Args&&>(args)...) {}

  /// A temporary operation lives as long as the awaiter, which therefore uses its step without copying it. A copy would
  /// stall the processor: it would load with wide moves what was just stored with narrow ones.
  at_once_awaiter<Step&> operator co_await() && { return at_once_awaiter<Step&>(step_); }
  at_once_awaiter<Step> operator co_await() const& { return at_once_awaiter<Step>(step_); }

 private:
  Step step_;
};

}  // namespace strait::detail
