// ring_buffer: a queue in a block of memory that is allocated once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace strait::detail {

/// `T` needs no default constructor; its move constructor must not throw.
template <class T>
class ring_buffer {
 public:
  /// Throws `std::bad_alloc`, or `std::bad_array_new_length`.
  explicit ring_buffer(std::size_t room) : slots_(allocate(room)), room_(room) {}
  ring_buffer(ring_buffer const&) = delete;
  ring_buffer& operator=(ring_buffer const&) = delete;
  ~ring_buffer() {
    for (; size_ != 0; --size_) slot(size_ - 1).~T();
    free(slots_);
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The queue must not be full.
  void push_back(T&& value) noexcept {
    ::new (static_cast<void*>(&slot(size_))) T(std::move(value));
    ++size_;
  }
  /// Grows the queue if it is full. Returns false, and leaves `value` unchanged, if there is no memory for that.
  [[nodiscard]] bool push_front(T&& value) noexcept {
    if (size_ == room_ && !grow()) return false;
    first_ = first_ == 0 ? room_ - 1 : first_ - 1;
    ::new (static_cast<void*>(slots_ + first_)) T(std::move(value));
    ++size_;
    return true;
  }
  /// The queue must not be empty.
  [[nodiscard]] T& front() noexcept { return slots_[first_]; }
  void pop_front() noexcept {
    slots_[first_].~T();
    first_ = first_ + 1 == room_ ? 0 : first_ + 1;
    --size_;
  }

 private:
  [[nodiscard]] T& slot(std::size_t index) noexcept {
    std::size_t const to_the_end = room_ - first_;
    return slots_[index < to_the_end ? first_ + index : index - to_the_end];
  }

  // std::allocator would need <memory>, which is slow to compile.
  static constexpr bool is_overaligned = alignof(T) > __STDCPP_DEFAULT_NEW_ALIGNMENT__;
  [[nodiscard]] static T* allocate(std::size_t room) {
    if (room > PTRDIFF_MAX / sizeof(T)) throw std::bad_array_new_length();
    if constexpr (is_overaligned)
      return static_cast<T*>(::operator new(room * sizeof(T), std::align_val_t(alignof(T))));
    else return static_cast<T*>(::operator new(room * sizeof(T)));
  }
  static void free(T* slots) noexcept {
    if constexpr (is_overaligned) ::operator delete(slots, std::align_val_t(alignof(T)));
    else ::operator delete(slots);
  }

  bool grow() noexcept {
    T* slots = nullptr;
    try {
      slots = allocate(room_ + 1);
    } catch (std::bad_alloc const&) {
      return false;
    }
    for (std::size_t i = 0; i != size_; ++i) {
      ::new (static_cast<void*>(slots + i)) T(std::move(slot(i)));
      slot(i).~T();
    }
    free(slots_);
    slots_ = slots;
    first_ = 0;
    ++room_;
    return true;
  }

  T* slots_;
  std::size_t room_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace strait::detail
