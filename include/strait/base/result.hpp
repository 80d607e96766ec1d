// result<T>: the value of an operation, or the error that it would have thrown.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "strait/base/error.hpp"

namespace strait {

/// What `co_await as_result(operation)` gives. Holds a `T` or an error, never neither.
///
///     if (auto n = co_await as_result(peer.read(buffer))) use(*n);
///     else log(n.message());                              // "read from 127.0.0.1:5000: connection reset by peer"
template <class T>
class [[nodiscard]] result {
  using stored = std::conditional_t<std::is_void_v<T>, char, T>;

 public:
  result() noexcept
    requires std::is_void_v<T>
      : value_{} {}
  result(stored value) noexcept(std::is_nothrow_move_constructible_v<stored>)
    requires(!std::is_void_v<T>)
      : value_(std::move(value)) {}
  /// `exception` holds a `std::system_error` (or a class derived from it) with this `code`.
  result(std::error_code code, std::exception_ptr exception) noexcept
      : exception_(std::move(exception)), code_(code), has_value_(false) {}

  result(result&& other) noexcept(std::is_nothrow_move_constructible_v<stored>)
      : exception_(std::move(other.exception_)), code_(other.code_), has_value_(other.has_value_) {
    if (has_value_) ::new (static_cast<void*>(&value_)) stored(std::move(other.value_));
  }
  result(result const& other)
    requires std::is_copy_constructible_v<stored>
      : exception_(other.exception_), code_(other.code_), has_value_(other.has_value_) {
    if (has_value_) ::new (static_cast<void*>(&value_)) stored(other.value_);
  }
  /// If the move of a `T` throws, this result holds that exception afterwards, with `std::errc::state_not_recoverable`.
  result& operator=(result other) noexcept(std::is_nothrow_move_constructible_v<stored>) {
    if (std::exchange(has_value_, false)) value_.~stored();
    exception_ = std::move(other.exception_);
    code_ = other.code_;
    if (!other.has_value_) return *this;
    if constexpr (std::is_nothrow_move_constructible_v<stored>) {
      ::new (static_cast<void*>(&value_)) stored(std::move(other.value_));
    } else {
      try {
        ::new (static_cast<void*>(&value_)) stored(std::move(other.value_));
      } catch (...) {
        exception_ = std::current_exception();
        code_ = std::make_error_code(std::errc::state_not_recoverable);
        throw;
      }
    }
    has_value_ = true;
    return *this;
  }
  ~result() {
    if (has_value_) value_.~stored();
  }

  /// The operation succeeded.
  [[nodiscard]] bool has_value() const noexcept { return has_value_; }
  explicit operator bool() const noexcept { return has_value_; }

  /// The value; throws the error exactly as the operation would have, if there is one.
  T value() && {
    if (!has_value_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<T>) return std::move(value_);
  }
  std::add_lvalue_reference_t<T> value() & {
    if (!has_value_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<T>) return value_;
  }
  std::add_lvalue_reference_t<T const> value() const& {
    if (!has_value_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<T>) return value_;
  }

  /// The value; undefined if there is none.
  stored& operator*() noexcept
    requires(!std::is_void_v<T>)
  {
    return value_;
  }
  stored const& operator*() const noexcept
    requires(!std::is_void_v<T>)
  {
    return value_;
  }
  stored* operator->() noexcept
    requires(!std::is_void_v<T>)
  {
    return &value_;
  }
  stored const* operator->() const noexcept
    requires(!std::is_void_v<T>)
  {
    return &value_;
  }

  /// The error's code; no error (0) if there is a value.
  [[nodiscard]] std::error_code error() const noexcept { return code_; }
  /// The error's text, with operation and endpoint; empty if there is a value.
  [[nodiscard]] std::string message() const { return has_value_ ? std::string() : describe(exception_); }
  /// The exception that `value()` would throw; null if there is a value.
  [[nodiscard]] std::exception_ptr const& exception() const noexcept { return exception_; }

 private:
  std::exception_ptr exception_;
  std::error_code code_;
  union {
    stored value_;
  };
  bool has_value_ = true;
};

}  // namespace strait
