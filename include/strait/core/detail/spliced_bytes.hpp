// spliced_bytes: what one socket has given and another, or a file, is to take, without a copy.
#pragma once

#include <cstddef>
#include <cstdint>

#include "strait/base/export.hpp"

namespace strait::detail {

/// Bytes that splice_ins have taken from one socket, for splice_outs to give to another, or `store` to a file. They
/// stay in the kernel, in a pipe, which this has only while there are any: the thread keeps a few, until nobody on it
/// splices any more. What is left in the end is lost.
class STRAIT_API spliced_bytes {
 public:
  /// As many go in: so much memory does a receiver cost that takes nothing.
  static constexpr std::size_t max_size = 256 * 1024;

  spliced_bytes() noexcept;
  spliced_bytes(spliced_bytes const&) = delete;
  spliced_bytes& operator=(spliced_bytes const&) = delete;
  ~spliced_bytes();

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The last splice_in gave nothing because these bytes, or all for want of a pipe, have to be read in the usual way.
  [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }
  /// The last splice_in gave nothing because there is no room: many small pieces take as much of it as large ones.
  [[nodiscard]] bool is_full() const noexcept { return is_full_; }

  /// Writes all into a file, from `offset` on, through memory where the file cannot be spliced to; gives 0 or an errno,
  /// with which some may be left: see `size()`. May wait for the disk, and may be called on another thread, while
  /// nobody uses this. Behind it, the loop's thread has to call `stored`.
  int store(int file, std::uint64_t offset) noexcept;
  /// Bytes that have come from the socket, and that are in the file; 0 or an errno, of each.
  struct passed {
    std::uint64_t taken = 0;
    std::uint64_t stored = 0;
    int socket_failure = 0;
    int file_failure = 0;
  };
  /// The same; and then takes what comes from `socket`, no more than `limit` bytes, and stores that, too, as long as
  /// something comes soon, though for 20 ms at most. So a stream that does not stop costs a thread's waking now and
  /// then, and not for each pipe. A failure of the socket is told only once, and so here; the end of the stream, and
  /// what cannot be spliced, is left to who reads it next.
  passed pass_on(int socket, int file, std::uint64_t offset, std::uint64_t limit) noexcept;
  /// Takes note of what they have done.
  void stored() noexcept;

 private:
  friend class splicing;  // src/engine/splice.cpp
  int store_by_memory(int file, std::uint64_t offset) noexcept;
  std::size_t size_ = 0;
  int output_ = -1;  // of the pipe
  int input_ = -1;
  bool is_refused_ = false;
  bool is_full_ = false;
  bool has_moved_ = false;         // and not met with an empty socket since
  bool is_likely_drained_ = true;  // when it has moved something: so it was the last time
};

}  // namespace strait::detail
