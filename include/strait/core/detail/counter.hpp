// counter: a number that one thread changes and any thread may read.
#pragma once

#include <atomic>
#include <cstdint>

namespace strait::detail {

/// Needs no locked instructions, because only one thread changes it. A thread that reads a value also sees everything
/// that the changing thread counted before.
class counter {
 public:
  void add(std::uint64_t more) noexcept { set(value_.load(std::memory_order_relaxed) + more); }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_release); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace strait::detail
