// spliced_bytes: bytes that move from a socket to another one, or to a file, without a copy in user space.
#pragma once

#include <cstddef>
#include <cstdint>

#include "strait/base/export.hpp"

namespace strait::detail {

/// Bytes that `splice_in` operations have taken from a socket, and that `splice_out` operations send to another, or
/// `store` writes to a file. The bytes are in a kernel pipe, which the object has only while there are any. A thread
/// keeps a few empty pipes as long as it has a `spliced_bytes`. Bytes that are left on destruction are lost.
class STRAIT_API spliced_bytes {
 public:
  /// The maximum number of bytes, and so the memory that a receiver costs that does not read.
  static constexpr std::size_t max_size = 256 * 1024;

  spliced_bytes() noexcept;
  spliced_bytes(spliced_bytes const&) = delete;
  spliced_bytes& operator=(spliced_bytes const&) = delete;
  ~spliced_bytes();

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The last `splice_in` took nothing because the next bytes must be read in the usual way, or because there is no
  /// pipe.
  [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }
  /// The last `splice_in` took nothing because the pipe is full. Small pieces of data use as much of it as large ones.
  [[nodiscard]] bool is_full() const noexcept { return is_full_; }

  /// Writes all bytes to a file, from `offset` on; copies them if the file cannot be spliced to. Returns 0, or an
  /// errno; then `size()` bytes are left. May wait for the disk. May be called on another thread, while no other member
  /// is called; afterwards `stored` must be called on the loop's thread.
  int store(int file, std::uint64_t offset) noexcept;
  /// The result of `pass_on`: bytes taken from the socket and bytes written to the file, and 0 or an errno for each.
  struct passed {
    std::uint64_t taken = 0;
    std::uint64_t stored = 0;
    int socket_failure = 0;
    int file_failure = 0;
  };
  /// Like `store`; then takes up to `limit` bytes from `socket` and stores them, too, as long as more data arrives
  /// within about a millisecond, but for at most 20 ms. So a continuous stream does not wake a thread for each pipeful.
  /// The kernel reports an error of the socket only once, so it is returned here; the end of the stream, and bytes that
  /// cannot be spliced, are left for the next read.
  passed pass_on(int socket, int file, std::uint64_t offset, std::uint64_t limit) noexcept;
  /// Must be called on the loop's thread after `store` or `pass_on`.
  void stored() noexcept;

 private:
  friend class splicing;  // src/engine/splice.cpp
  int store_by_memory(int file, std::uint64_t offset) noexcept;
  std::size_t size_ = 0;
  int output_ = -1;  // the read end of the pipe
  int input_ = -1;
  bool is_refused_ = false;
  bool is_full_ = false;
  bool has_moved_ = false;         // the last splice_in moved bytes
  bool is_likely_drained_ = true;  // the splice_in after the last one that moved bytes found the socket empty
};

}  // namespace strait::detail
