// byte_block: a block of recycled memory, for borrowed reads and for the buffers of readers and writers.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "strait/base/buffer.hpp"
#include "strait/core/detail/frame_memory.hpp"

namespace strait::detail {

/// A block of memory with data in the middle, and free space behind and possibly in front of it. Move-only. A
/// default-constructed block is empty and has no memory.
class byte_block {
 public:
  byte_block() noexcept = default;
  /// Allocates `capacity` bytes, the first `headroom` of which stay free. Throws `std::bad_alloc`.
  explicit byte_block(std::size_t capacity, std::size_t headroom = 0)
      : memory_(static_cast<char*>(allocate_frame(capacity))), capacity_(capacity), begin_(headroom), end_(headroom) {}
  /// Takes ownership of memory from `allocate_frame(capacity)`, with `size` bytes of data after the first `headroom`
  /// bytes.
  byte_block(void* memory, std::size_t capacity, std::size_t headroom, std::size_t size) noexcept
      : memory_(static_cast<char*>(memory)), capacity_(capacity), begin_(headroom), end_(headroom + size) {}
  byte_block(byte_block&& other) noexcept { *this = std::move(other); }
  byte_block& operator=(byte_block&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    return *this;
  }
  ~byte_block() {
    if (memory_) free_frame(memory_, capacity_);
  }

  [[nodiscard]] char const* data() const noexcept { return memory_ + begin_; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::string_view view() const noexcept { return {data(), size()}; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// The free space behind the data.
  [[nodiscard]] mutable_buffer space() noexcept { return {memory_ + end_, capacity_ - end_}; }
  /// Appends the first `size` bytes of `space()`, which have been filled, to the data.
  void commit(std::size_t size) noexcept { end_ += size; }
  /// Removes the first `size` bytes of the data.
  void consume(std::size_t size) noexcept { begin_ += size; }

  /// Appends `bytes` to the data. There must be enough free space behind it.
  void append(const_buffer bytes) noexcept {
    if (!bytes.empty()) std::memcpy(memory_ + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  /// Prepends `bytes` to the data. There must be enough free space in front of it.
  void prepend(const_buffer bytes) noexcept {
    begin_ -= bytes.size();
    if (!bytes.empty()) std::memcpy(memory_ + begin_, bytes.data(), bytes.size());
  }

  /// Reallocates the block with `capacity` bytes, which must be enough for the data; with 0, frees the memory. Throws
  /// `std::bad_alloc`, and then has no effect.
  void move_to(std::size_t capacity) {
    byte_block other;
    if (capacity != 0) {
      other = byte_block(capacity);
      other.append(const_buffer(data(), size()));
    }
    *this = std::move(other);
  }

 private:
  char* memory_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace strait::detail
