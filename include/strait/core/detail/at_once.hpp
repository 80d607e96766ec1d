// Operations that mostly complete at once, out of a buffer, and are a task of their own only if they cannot.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "strait/base/error.hpp"
#include "strait/core/task.hpp"

namespace strait::detail {

/// Does `Step`, which has `bool try_now()`, `T result()` for when that has been true, and `task<T> later()` for when it
/// has not. In a canceled scope it does neither.
template <class Step>
class at_once_awaiter {
  using value = decltype(std::declval<Step&>().result());
  using child = task_awaiter<value>;

 public:
  explicit at_once_awaiter(Step const& step) : step_(step) {}
  at_once_awaiter(at_once_awaiter const&) = delete;
  at_once_awaiter& operator=(at_once_awaiter const&) = delete;

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    is_canceled_ = self.promise().current_branch().is_canceled();
    if (is_canceled_ || step_.try_now()) return false;
    child_.emplace(begin_later{step_});
    child_->awaiter.await_suspend(self);
    return true;
  }
  value await_resume() {
    if (child_) return child_->awaiter.await_resume();
    if (is_canceled_) throw canceled();
    return step_.result();
  }

 private:
  struct begin_later {
    Step& step;
  };
  // An awaiter cannot be moved: it is made in its place.
  struct placed {
    explicit placed(begin_later with) : awaiter(with.step.later().operator co_await()) {}
    child awaiter;
  };

  Step step_;
  bool is_canceled_ = false;
  std::optional<placed> child_;
};

/// The same, to be awaited.
template <class Step>
class [[nodiscard("co_await it")]] at_once_operation {
 public:
  using await_result = decltype(std::declval<Step&>().result());
  explicit at_once_operation(Step const& step) : step_(step) {}
  at_once_awaiter<Step> operator co_await() const { return at_once_awaiter<Step>(step_); }

 private:
  Step step_;
};

}  // namespace strait::detail
