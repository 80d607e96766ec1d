// timer: an entry in a loop's queue of deadlines.
#pragma once

#include "strait/base/chrono.hpp"
#include "strait/base/export.hpp"
#include "strait/core/detail/branch.hpp"

namespace strait {

/// The clock of deadlines. It is steady: changes of the system time have no effect on it.
using clock = std::chrono::steady_clock;

namespace detail {

/// Calls a virtual function at a given time.
class STRAIT_API timer {
 public:
  timer() = default;
  timer(timer const&) = delete;
  timer& operator=(timer const&) = delete;

  /// Makes the loop call `expired` once, at `when` or soon after; timers with equal times expire in the order in which
  /// they were set. The timer must not be set already. Does not allocate.
  void set(loop_core& loop, clock::time_point when) noexcept;
  /// Cancels the timer. Has no effect if it is not set or has expired.
  void reset() noexcept;
  [[nodiscard]] bool is_set() const noexcept { return loop_ != nullptr; }
  [[nodiscard]] clock::time_point when() const noexcept { return when_; }

 protected:
  ~timer() {
    if (loop_) reset();
  }
  virtual void expired() noexcept = 0;

 private:
  friend class timer_queue;
  loop_core* loop_ = nullptr;
  clock::time_point when_;
  // The links of the tree that is the queue.
  timer* above_ = nullptr;
  timer* earlier_ = nullptr;
  timer* later_ = nullptr;
};

/// Throws `std::invalid_argument`: the duration is NaN.
[[noreturn]] STRAIT_API void throw_not_a_duration();

/// Returns the time that is `after` from now. See base/chrono.hpp for negative and infinite durations and NaN.
template <class Rep, class Period>
[[nodiscard]] clock::time_point deadline_after(std::chrono::duration<Rep, Period> after) noexcept(
    !std::chrono::treat_as_floating_point_v<Rep>) {
  if constexpr (std::chrono::treat_as_floating_point_v<Rep>)
    if (!(after == after)) throw_not_a_duration();
  auto const now = clock::now();
  if (after <= after.zero()) return now;
  if (std::chrono::duration<double>(after) >= std::chrono::duration<double>(clock::time_point::max() - now))
    return clock::time_point::max();
  return now + std::chrono::ceil<clock::duration>(after);
}

}  // namespace detail
}  // namespace strait
