// Waiting for a time, and giving others a turn.
#pragma once

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

/// Wait for a time: see `sleep_for`, `sleep_until`.
class [[nodiscard("co_await it")]] sleep_operation {
 public:
  using await_result = void;
  explicit sleep_operation(clock::time_point until) noexcept : until_(until) {}
  detail::sleep_awaiter operator co_await() const noexcept { return detail::sleep_awaiter(until_); }

 private:
  clock::time_point until_;
};

/// Gives others a turn: see `yield`.
class [[nodiscard("co_await it")]] yield_operation {
 public:
  using await_result = void;
  detail::yield_awaiter operator co_await() const noexcept { return {}; }
};

/// Completes at `when`, or up to a millisecond later; at once if that is past.
inline sleep_operation sleep_until(clock::time_point when) noexcept { return sleep_operation(when); }

/// Completes after `duration`; the time runs from this call. Zero or less: in the loop's next turn. A NaN is refused
/// with `std::invalid_argument`.
template <class Rep, class Period>
sleep_operation sleep_for(std::chrono::duration<Rep, Period> duration) noexcept(
    noexcept(detail::deadline_after(duration))) {
  return sleep_operation(detail::deadline_after(duration));
}

/// Completes in the loop's next turn, when all others that could run have had one. Where a task computes for long, an
/// occasional `co_await yield()` keeps the rest of the loop alive and lets a cancel through.
inline yield_operation yield() noexcept { return {}; }

}  // namespace strait
