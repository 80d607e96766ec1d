#include "round_trips.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace {

using microseconds = std::chrono::duration<double, std::micro>;

/// Returns the smallest latency that `percent` % of all latencies do not exceed. `of` must not be empty.
microseconds percentile(std::vector<round_trips::clock::duration> of, std::size_t percent) {
  auto const at = of.begin() + static_cast<std::ptrdiff_t>((of.size() * percent + 99) / 100 - 1);
  std::nth_element(of.begin(), at, of.end());
  return *at;
}

}  // namespace

void round_trips::add(std::size_t bytes, clock::time_point sent_at) {
  bytes_ += bytes;
  latencies_.push_back(clock::now() - sent_at);
}

std::string round_trips::summary() const {
  std::chrono::duration<double> const elapsed = clock::now() - started_;
  auto text = fmt::format("{} lines, {} bytes, {:.3f} s", count(), bytes_, elapsed.count());
  if (count() > 0)
    text += fmt::format("; latency p50 {:.0f} µs, p99 {:.0f} µs", percentile(latencies_, 50).count(),
                        percentile(latencies_, 99).count());
  return text;
}
