// A log-linear histogram of times in nanoseconds: 64 steps per power of two, so the error of a value is at most 1.6 %.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

class histogram {
 public:
  void record(std::uint64_t nanoseconds) {
    ++counts_[index_of(nanoseconds)];
    ++total_;
  }

  std::uint64_t total() const { return total_; }

  // The smallest time that this fraction of the recorded values does not exceed.
  std::uint64_t quantile(double fraction) const {
    auto const wanted = fraction * static_cast<double>(total_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return value_at(i);
    }
    return 0;
  }

 private:
  static constexpr unsigned step_bits = 6;
  static constexpr std::uint64_t steps = 1U << step_bits;

  // Each value below 64 has its own step; above, the top seven bits select the step.
  static std::size_t index_of(std::uint64_t value) {
    if (value < steps) return value;
    auto const shift = static_cast<unsigned>(std::bit_width(value)) - 1 - step_bits;
    return shift * steps + (value >> shift);
  }

  static std::uint64_t value_at(std::size_t index) {
    if (index < steps) return index;
    auto const shift = index / steps - 1;
    return (index % steps + steps) << shift;
  }

  std::array<std::uint64_t, (64 - step_bits + 1) * steps> counts_{};
  std::uint64_t total_ = 0;
};
