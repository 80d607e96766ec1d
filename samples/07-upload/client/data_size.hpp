// data_size: adapts the size of `data` messages to the speed of the connection.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace samples::upload {

/// Large messages have less overhead, but block all others while they are sent. So the size grows with the speed of the
/// connection.
class data_size {
 public:
  [[nodiscard]] std::uint32_t next(std::uint32_t limit) const noexcept { return std::min(size_, limit); }

  /// Records how long it took to send a message of `size` bytes.
  void sent(std::uint32_t size, std::chrono::nanoseconds time) noexcept {
    if (time > slow) size_ = std::max(size_ / 2, min_size);
    else if (time < fast && size == size_) size_ = std::min(2 * size_, max_size);
  }

 private:
  static constexpr std::uint32_t min_size = 64 * 1024;
  static constexpr std::uint32_t max_size = 64 * 1024 * 1024;
  static constexpr auto fast = std::chrono::milliseconds(50);
  static constexpr auto slow = std::chrono::milliseconds(500);
  std::uint32_t size_ = 1024 * 1024;
};

}  // namespace samples::upload
