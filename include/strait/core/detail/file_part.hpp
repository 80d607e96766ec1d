// file_part: what of a file a socket is to send, without a copy.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "strait/base/export.hpp"

namespace strait::detail {

/// For the operation `send_file`, which sends some of it. Refers to the file's descriptor.
///
/// A send takes only what the system has in its memory, since it must not wait for a disk: if that is nothing, it sends
/// nothing and `is_missing()`. Then somebody who may wait has to `fetch` what comes next.
class STRAIT_API file_part {
 public:
  /// As many bytes go by one send.
  static constexpr std::size_t max_size = 1024 * 1024;

  /// `is_in_memory`: the file system has no disk.
  file_part(int descriptor, std::uint64_t offset, bool is_in_memory) noexcept
      : offset_(offset), descriptor_(descriptor), is_in_memory_(is_in_memory) {}
  file_part(file_part const&) = delete;
  file_part& operator=(file_part const&) = delete;

  /// What is to be sent next: `size` bytes behind those that have been.
  void extend(std::size_t size) noexcept { size_ += size; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The last send has sent nothing because what comes next is not in memory.
  [[nodiscard]] bool is_missing() const noexcept { return is_missing_; }
  /// The last send has sent nothing because it cannot be sent this way, or not be read at all.
  [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }

  /// Reads `size` bytes from `offset` on into the system's memory, if they are not there, and has it begin to read
  /// `ahead` more; says whether there was something to read. Waits for the disk: on another thread than the loop's.
  static bool fetch(int descriptor, std::uint64_t offset, std::size_t size, std::size_t ahead) noexcept;
  /// They have been fetched, up to `end`.
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
  std::uint64_t known_until_ = 0;  // to be in memory
  clock::time_point known_at_;     // long ago, it may have been thrown out since
  int descriptor_;
  bool is_in_memory_;
  bool is_missing_ = false;
  bool is_refused_ = false;
};

}  // namespace strait::detail
