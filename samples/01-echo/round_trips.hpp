// round_trips: counts round trips and records their latencies.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

class round_trips {
 public:
  using clock = std::chrono::steady_clock;

  /// Records that `bytes` sent at `sent_at` have just come back.
  void add(std::size_t bytes, clock::time_point sent_at);

  [[nodiscard]] std::size_t count() const noexcept { return latencies_.size(); }

  /// Returns "297 lines, 19925 bytes, 0.013 s; latency p50 36 µs, p99 83 µs". The time starts with the construction of
  /// this object.
  [[nodiscard]] std::string summary() const;

 private:
  clock::time_point started_ = clock::now();
  std::size_t bytes_ = 0;
  std::vector<clock::duration> latencies_;
};
