// Bytes in recycled memory: what is borrowed while data is there, and what readers and writers keep.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "strait/base/buffer.hpp"
#include "strait/core/detail/frame_memory.hpp"

namespace strait::detail {

/// A block of memory with data in the middle, free space behind it, and perhaps in front. Move-only; empty at first,
/// and then without memory.
class byte_block {
 public:
  byte_block() noexcept = default;
  /// With room for `capacity` bytes, the first `headroom` of which are left free. Throws `std::bad_alloc`.
  explicit byte_block(std::size_t capacity, std::size_t headroom = 0)
      : memory_(static_cast<char*>(allocate_frame(capacity))), capacity_(capacity), begin_(headroom), end_(headroom) {}
  /// Takes over memory from `allocate_frame(capacity)` with `size` bytes of data behind the `headroom`.
  byte_block(void* memory, std::size_t capacity, std::size_t headroom, std::size_t size) noexcept
      : memory_(static_cast<char*>(memory)), capacity_(capacity), begin_(headroom), end_(headroom + size) {}
  byte_block(byte_block&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)) {}
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

  /// What is free behind the data.
  [[nodiscard]] mutable_buffer space() noexcept { return {memory_ + end_, capacity_ - end_}; }
  /// The first `size` bytes of the space have been filled.
  void commit(std::size_t size) noexcept { end_ += size; }
  /// The first `size` bytes of the data are no longer wanted.
  void consume(std::size_t size) noexcept { begin_ += size; }

  /// Puts `bytes` behind the data, where there must be room for them.
  void append(const_buffer bytes) noexcept {
    if (!bytes.empty()) std::memcpy(memory_ + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  /// Puts `bytes` in front of the data, where there must be room for them.
  void prepend(const_buffer bytes) noexcept {
    begin_ -= bytes.size();
    if (!bytes.empty()) std::memcpy(memory_ + begin_, bytes.data(), bytes.size());
  }

  /// Moves the data to another block, of `capacity`, which it must fit in; to none at all for 0. Throws
  /// `std::bad_alloc`, and then nothing has changed.
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
