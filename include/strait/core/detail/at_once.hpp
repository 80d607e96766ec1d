// Operations that mostly complete at once, out of a buffer, and are a task of their own only if they cannot.
#pragma once

#include <coroutine>
#include <new>
#include <type_traits>
#include <utility>

#include "strait/base/error.hpp"
#include "strait/core/task.hpp"

namespace strait::detail {

/// Does a step, which has `bool try_now()`, `T result()` for when that has been true, and `task<T> later()` for when it
/// has not. In a canceled scope it does neither. `Step` is a class, or a reference to one.
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

  // By itself, so that compilers see that the rest is small and put it into the coroutine.
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

/// The same, to be awaited. Makes its step from `Args`.
template <class Step>
class [[nodiscard("co_await it")]] at_once_operation {
 public:
  using await_result = decltype(std::declval<Step&>().result());

  template <class... Args>
    requires std::is_constructible_v<Step, Args...>
  explicit at_once_operation(Args&&... args) noexcept(std::is_nothrow_constructible_v<Step, Args...>)
      : step_(static_cast<Args&&>(args)...) {}

  /// Of a temporary, which lives as long as the awaiter, it uses the step itself: a copy, by wide moves of what has
  /// just been written by narrow ones, would hold the processor up.
  at_once_awaiter<Step&> operator co_await() && { return at_once_awaiter<Step&>(step_); }
  at_once_awaiter<Step> operator co_await() const& { return at_once_awaiter<Step>(step_); }

 private:
  Step step_;
};

}  // namespace strait::detail
