// borrowed_bytes: what a stream has read into memory that it lends.
#pragma once

#include <cstddef>
#include <utility>

#include "strait/base/buffer.hpp"
#include "strait/core/detail/byte_block.hpp"
#include "strait/core/detail/io_operation.hpp"

namespace strait {

/// Bytes that `read_borrowed` has read, in memory that was taken when they came and is given back when this is
/// destroyed, for the next read of this thread. A buffer like any other. Move-only.
class borrowed_bytes {
 public:
  /// A read gives at most so many bytes, less the headroom.
  static constexpr std::size_t capacity = detail::io_operation::borrowed_block_size;

  /// None.
  borrowed_bytes() noexcept = default;
  explicit borrowed_bytes(detail::byte_block block) noexcept : block_(std::move(block)) {}

  /// The first byte.
  [[nodiscard]] char const* data() const noexcept { return block_.data(); }
  [[nodiscard]] char* data() noexcept { return const_cast<char*>(block_.data()); }
  /// In bytes.
  [[nodiscard]] std::size_t size() const noexcept { return block_.size(); }
  /// It has no bytes: the end of the stream.
  [[nodiscard]] bool empty() const noexcept { return block_.empty(); }
  /// False at the end of the stream.
  explicit operator bool() const noexcept { return !empty(); }

  /// Puts `bytes` in front, no more than the read was told to leave room for.
  void prepend(const_buffer bytes) noexcept { block_.prepend(bytes); }

  /// Gives up the memory.
  [[nodiscard]] detail::byte_block release() noexcept { return std::move(block_); }

 private:
  detail::byte_block block_;
};

}  // namespace strait
