// sleep_for, sleep_until: wait for a time. yield: lets other tasks run.
#pragma once

#include <type_traits>

#include "strait/base/chrono.hpp"
#include "strait/base/error.hpp"
#include "strait/base/export.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/core/task.hpp"

namespace strait {
namespace detail {

class STRAIT_API sleep_awaiter final : public operation, private timer {
 public:
  explicit sleep_awaiter(clock::time_point until) noexcept : until_(until) {}

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    return start(self.promise().current_branch(), self);
  }
  void await_resume() const {
    if (canceled_) throw canceled();
  }

 private:
  bool start(branch& where, std::coroutine_handle<> self);
  void expired() noexcept override { resume_soon(); }
  void cancel() noexcept override;
  clock::time_point until_;
  bool canceled_ = false;
};

class STRAIT_API yield_awaiter final : public operation {
 public:
  yield_awaiter() = default;
  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return start(self.promise().current_branch(), self);
  }
  void await_resume() const {
    if (canceled_) throw canceled();
  }

 private:
  bool start(branch& where, std::coroutine_handle<> self) noexcept;
  void cancel() noexcept override {}
  bool canceled_ = false;
};

}  // namespace detail

/// Returned by `sleep_for` and `sleep_until`; await it.
class [[nodiscard("co_await it")]] sleep_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = void;
  /// Called by `sleep_for` and `sleep_until`.
  explicit sleep_operation(clock::time_point until) noexcept : until_(until) {}
  /// Starts the operation.
  detail::sleep_awaiter operator co_await() const noexcept { return detail::sleep_awaiter(until_); }

 private:
  clock::time_point until_;
};

/// Returned by `yield`; await it.
class [[nodiscard("co_await it")]] yield_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = void;
  /// Starts the operation.
  detail::yield_awaiter operator co_await() const noexcept { return {}; }
};

/// Completes at `when`, or up to a millisecond later. A time in the past: in the loop's next turn.
inline sleep_operation sleep_until(clock::time_point when) noexcept { return sleep_operation(when); }

/// Completes after `duration`, counted from this call. A duration of zero or less: in the loop's next turn. NaN throws
/// `std::invalid_argument`.
template <class Rep, class Period>
sleep_operation sleep_for(std::chrono::duration<Rep, Period> duration) noexcept(
    noexcept(detail::deadline_after(duration))) {
  return sleep_operation(detail::deadline_after(duration));
}

template <class T>
  requires std::is_arithmetic_v<T>
sleep_operation sleep_for(T) {
  static_assert(!std::is_arithmetic_v<T>, "strait: sleep_for takes a duration with a unit: sleep_for(5s)");
  return sleep_operation({});
}

/// Completes in the loop's next turn, after all other tasks that are ready have run. In a long computation, an
/// occasional `co_await yield()` lets other tasks run, and is a point at which the task can be canceled.
inline yield_operation yield() noexcept { return {}; }

}  // namespace strait
