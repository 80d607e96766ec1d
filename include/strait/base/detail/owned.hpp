// owned: a substitute for std::unique_ptr. <memory> includes <ostream>, which costs a tenth of a second per compiled
// file.
#pragma once

#include <utility>

namespace strait::detail {

/// Owns an object that was created by `new`. `T` must be complete where an `owned<T>` is constructed or destroyed.
template <class T>
class owned {
 public:
  owned() noexcept = default;
  explicit owned(T* object) noexcept : object_(object) {}
  owned(owned&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  owned& operator=(owned&& other) noexcept {
    owned(std::move(other)).swap(*this);
    return *this;
  }
  ~owned() {
    static_assert(sizeof(T) != 0, "T is incomplete here: define the destructor of the owning class in its source file");
    delete object_;
  }

  [[nodiscard]] T& operator*() const noexcept { return *object_; }
  [[nodiscard]] T* operator->() const noexcept { return object_; }

 private:
  void swap(owned& other) noexcept { std::swap(object_, other.object_); }
  T* object_ = nullptr;
};

}  // namespace strait::detail
