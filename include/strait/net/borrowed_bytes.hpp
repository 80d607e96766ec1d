// borrowed_bytes: the result of `read_borrowed`, a buffer that the library lends.
#pragma once

#include <cstddef>
#include <utility>

#include "strait/base/buffer.hpp"
#include "strait/core/detail/byte_block.hpp"
#include "strait/core/detail/io_operation.hpp"

namespace strait {

/// Bytes that `read_borrowed` received, in a block of memory that was allocated when they arrived. The destructor
/// returns the block to the pool of this thread. Usable as a buffer. Move-only.
class borrowed_bytes {
 public:
  /// The maximum number of bytes that one read returns, including the headroom.
  static constexpr std::size_t capacity = detail::io_operation::borrowed_block_size;

  /// Empty.
  borrowed_bytes() noexcept = default;
  /// Takes ownership of `block`.
  explicit borrowed_bytes(detail::byte_block block) noexcept : block_(std::move(block)) {}

  /// The first byte. Null or dangling if empty.
  [[nodiscard]] char const* data() const noexcept { return block_.data(); }
  /// The first byte, writable.
  [[nodiscard]] char* data() noexcept { return const_cast<char*>(block_.data()); }
  /// The number of bytes.
  [[nodiscard]] std::size_t size() const noexcept { return block_.size(); }
  /// Whether there are no bytes, which means end of stream.
  [[nodiscard]] bool empty() const noexcept { return block_.empty(); }
  /// False at end of stream.
  explicit operator bool() const noexcept { return !empty(); }

  /// Inserts `bytes` before the first byte. Their size must not exceed the `headroom` that was passed to
  /// `read_borrowed`.
  void prepend(const_buffer bytes) noexcept { block_.prepend(bytes); }

  /// Releases ownership of the memory block.
  [[nodiscard]] detail::byte_block release() noexcept { return std::move(block_); }

 private:
  detail::byte_block block_;
};

}  // namespace strait
