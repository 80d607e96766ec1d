// Memory for coroutine frames, recycled per thread, so that in steady state no task allocates.
#pragma once

#include <cstddef>

#include "strait/base/export.hpp"

namespace strait::detail {

/// Blocks of up to this many bytes are recycled; larger ones come from `operator new` each time.
inline constexpr std::size_t largest_recycled_frame = 16 * 1024;

/// Allocates a block. Throws `std::bad_alloc`.
[[nodiscard]] STRAIT_API void* allocate_frame(std::size_t size);
/// Frees a block of `size` bytes from `allocate_frame`, on any thread.
STRAIT_API void free_frame(void* block, std::size_t size) noexcept;

/// Base of classes whose objects are allocated in recycled memory.
class recycled {
 public:
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* block, std::size_t size) noexcept { free_frame(block, size); }

 protected:
  recycled() = default;
  ~recycled() = default;
};

}  // namespace strait::detail
