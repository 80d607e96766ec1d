// log_throttle: keeps what happens very often from filling a log.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

/// Lets one event be logged, and then none for a while. Not thread-safe.
class log_throttle {
 public:
  using clock = std::chrono::steady_clock;

  explicit log_throttle(clock::duration pause) : pause_(pause) {}

  /// It happened again. Gives how many have gone unlogged since the last that was logged, if this one is to be logged.
  [[nodiscard]] std::optional<std::uint64_t> note(clock::time_point now) {
    if (last_ && now - *last_ < pause_) {
      ++unlogged_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(unlogged_, 0);
  }

 private:
  clock::duration pause_;
  std::optional<clock::time_point> last_;
  std::uint64_t unlogged_ = 0;
};
