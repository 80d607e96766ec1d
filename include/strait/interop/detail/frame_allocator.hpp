// Allocates the memory that Asio needs for an operation from the recycled memory of coroutine frames.
#pragma once

#include <cstddef>
#include <new>

#include "strait/core/detail/frame_memory.hpp"

namespace strait::detail {

template <class T>
class frame_allocator {
 public:
  using value_type = T;

  frame_allocator() noexcept = default;
  template <class U>
  frame_allocator(frame_allocator<U> const&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(allocate_frame(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept { free_frame(memory, count * sizeof(T)); }

  bool operator==(frame_allocator const&) const = default;
};

}  // namespace strait::detail
