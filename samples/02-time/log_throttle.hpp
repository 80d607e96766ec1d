// log_throttle: limits how often a frequent event is logged.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

/// Allows one event per `interval` to be logged, and counts the others. Not thread-safe.
class log_throttle {
 public:
  using clock = std::chrono::steady_clock;

  explicit log_throttle(clock::duration interval) : interval_(interval) {}

  /// Records an event. If it should be logged, returns the number of events suppressed since the last logged one;
  /// otherwise returns nothing.
  [[nodiscard]] std::optional<std::uint64_t> record(clock::time_point now) {
    if (last_ && now - *last_ < interval_) {
      ++unlogged_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(unlogged_, 0);
  }

 private:
  clock::duration interval_;
  std::optional<clock::time_point> last_;
  std::uint64_t unlogged_ = 0;
};
