// handler_memory: memory reserved for an Asio operation, so that starting it cannot fail.
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace strait::engine {

/// Memory for one Asio operation. It must outlive the context, whose queues may contain the operation until its end.
class handler_memory {
 public:
  handler_memory() = default;
  handler_memory(handler_memory const&) = delete;
  handler_memory& operator=(handler_memory const&) = delete;

  /// Falls back to the heap if the operation is too large (in some later version of Asio), or if the memory is in use.
  [[nodiscard]] void* allocate(std::size_t size) {
    if (size > sizeof bytes_ || is_used_) return ::operator new(size);
    is_used_ = true;
    return bytes_.data();
  }
  void free(void* block) noexcept {
    if (block == bytes_.data()) is_used_ = false;
    else ::operator delete(block);
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 192> bytes_;
  bool is_used_ = false;
};

/// The associated allocator of a `reserved_handler`.
template <class T>
class handler_allocator {
 public:
  using value_type = T;
  explicit handler_allocator(handler_memory& from) noexcept : memory_(&from) {}
  template <class U>
  handler_allocator(handler_allocator<U> const& other) noexcept : memory_(other.memory_) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    return static_cast<T*>(memory_->allocate(count * sizeof(T)));
  }
  void deallocate(T* block, std::size_t) noexcept { memory_->free(block); }

  template <class U>
  friend bool operator==(handler_allocator const& one, handler_allocator<U> const& other) noexcept {
    return one.memory_ == other.memory_;
  }

 private:
  template <class>
  friend class handler_allocator;
  handler_memory* memory_;
};

/// A handler whose operation is allocated in `memory`.
template <class F>
class reserved_handler {
 public:
  using allocator_type = handler_allocator<void>;
  reserved_handler(handler_memory& memory, F function) noexcept : memory_(&memory), function_(std::move(function)) {}

  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*memory_); }
  template <class... Args>
  void operator()(Args const&... arguments) {
    function_(arguments...);
  }

 private:
  handler_memory* memory_;
  F function_;
};

}  // namespace strait::engine
