// owned: std::unique_ptr without <memory>, which brings <ostream> and with it a tenth of a second into every user's
// compilation.
#pragma once

#include <utility>

namespace strait::detail {

/// Owns an object made by `new`. Where one is constructed or destroyed, T must be complete.
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
    static_assert(sizeof(T) != 0, "the destructor of the class that owns it is to be defined in its source file");
    delete object_;
  }

  [[nodiscard]] T& operator*() const noexcept { return *object_; }
  [[nodiscard]] T* operator->() const noexcept { return object_; }

 private:
  void swap(owned& other) noexcept { std::swap(object_, other.object_); }
  T* object_ = nullptr;
};

}  // namespace strait::detail
