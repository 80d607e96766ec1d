// data_size: how many bytes of a file a message takes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace samples::upload {

/// While a message goes, nothing else can be said; but each costs something. So they are the larger, the faster the
/// line is.
class data_size {
 public:
  [[nodiscard]] std::uint32_t next(std::uint32_t limit) const noexcept { return std::min(size_, limit); }

  /// A message of `size` bytes took so long.
  void sent(std::uint32_t size, std::chrono::nanoseconds time) noexcept {
    if (time > slow) size_ = std::max(size_ / 2, least);
    else if (time < fast && size == size_) size_ = std::min(2 * size_, most);
  }

 private:
  static constexpr std::uint32_t least = 64 * 1024;
  static constexpr std::uint32_t most = 64 * 1024 * 1024;
  static constexpr auto fast = std::chrono::milliseconds(50);
  static constexpr auto slow = std::chrono::milliseconds(500);
  std::uint32_t size_ = 1024 * 1024;
};

}  // namespace samples::upload
