// file_part: the part of a file that a socket sends without copying it to user space.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "strait/base/export.hpp"

namespace strait::detail {

/// The request of a `send_file` operation. Refers to the file's descriptor, which it does not own.
///
/// A send transfers only data that is in the page cache, because it must not wait for a disk. If the next data is not
/// there, it sends nothing, and `is_missing()` returns true; then `fetch` must be called on another thread.
class STRAIT_API file_part {
 public:
  /// The maximum number of bytes per send.
  static constexpr std::size_t max_size = 1024 * 1024;

  /// `is_in_memory`: the file system has no disk, so its files never need to be fetched.
  file_part(int descriptor, std::uint64_t offset, bool is_in_memory) noexcept
      : offset_(offset), descriptor_(descriptor), is_in_memory_(is_in_memory) {}
  file_part(file_part const&) = delete;
  file_part& operator=(file_part const&) = delete;

  /// Adds `size` bytes to the end of the part.
  void extend(std::size_t size) noexcept { size_ += size; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The last send has sent nothing because the next data is not in the page cache.
  [[nodiscard]] bool is_missing() const noexcept { return is_missing_; }
  /// The last send has sent nothing because the file cannot be sent this way, or cannot be read.
  [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }

  /// Reads `size` bytes from `offset` on into the page cache, if they are not there, and starts reading `ahead` more
  /// bytes. Returns whether anything had to be read. Waits for the disk, so it must be called on another thread than
  /// the loop's.
  static bool fetch(int descriptor, std::uint64_t offset, std::size_t size, std::size_t ahead) noexcept;
  /// Records that the data up to `end` has been fetched.
  void fetched(std::uint64_t end) noexcept { know(end); }

 private:
  friend class file_sending;  // src/engine/send_file.cpp
  using clock = std::chrono::steady_clock;
  void know(std::uint64_t until) noexcept {
    known_until_ = until;
    known_at_ = clock::now();
  }

  std::uint64_t offset_;
  std::size_t size_ = 0;
  std::uint64_t known_until_ = 0;  // up to here, the data was in the page cache
  clock::time_point known_at_;     // when that was checked; it may have been evicted since
  int descriptor_;
  bool is_in_memory_;
  bool is_missing_ = false;
  bool is_refused_ = false;
};

}  // namespace strait::detail
