// round_trips: how many there were, and how long they took.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

class round_trips {
 public:
  using clock = std::chrono::steady_clock;

  /// `bytes` were sent at `sent_at` and have come back now.
  void add(std::size_t bytes, clock::time_point sent_at);

  [[nodiscard]] std::size_t count() const noexcept { return latencies_.size(); }

  /// "297 lines, 19925 bytes, 0.013 s; latency p50 36 µs, p99 83 µs". The time is counted from when this was made.
  [[nodiscard]] std::string summary() const;

 private:
  clock::time_point began_ = clock::now();
  std::size_t bytes_ = 0;
  std::vector<clock::duration> latencies_;
};
