// result<T>: the value of an operation, or the error that it would otherwise throw.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "strait/base/error.hpp"

namespace strait {

/// The result of `co_await as_result(operation)`: holds either a `T` or an error.
///
///     if (auto n = co_await as_result(peer.read(buffer))) use(*n);
///     else log(n.message());                              // "read from 127.0.0.1:5000: connection reset by peer"
template <class T>
class [[nodiscard]] result {
  using stored = std::conditional_t<std::is_void_v<T>, char, T>;

 public:
  /// Success, for `result<void>`.
  result() noexcept
    requires std::is_void_v<T>
      : value_{} {}
  /// Holds `value`.
  result(stored value) noexcept(std::is_nothrow_move_constructible_v<stored>)
    requires(!std::is_void_v<T>)
      : value_(std::move(value)) {}
  /// Holds an error: `exception` must be a `std::system_error` (or derived from it) with this `code`.
  result(std::error_code code, std::exception_ptr exception) noexcept
      : exception_(std::move(exception)), code_(code), has_value_(false) {}

  /// Moves the value or the error.
  result(result&& other) noexcept(std::is_nothrow_move_constructible_v<stored>)
      : exception_(std::move(other.exception_)), code_(other.code_), has_value_(other.has_value_) {
    if (has_value_) ::new (static_cast<void*>(&value_)) stored(std::move(other.value_));
  }
  /// Copies the value or the error.
  result(result const& other)
    requires std::is_copy_constructible_v<stored>
      : exception_(other.exception_), code_(other.code_), has_value_(other.has_value_) {
    if (has_value_) ::new (static_cast<void*>(&value_)) stored(other.value_);
  }
  /// Replaces the value or the error. If moving a `T` throws, the result then holds that exception, with the code
  /// `std::errc::state_not_recoverable`.
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

  /// Whether there is a value.
  [[nodiscard]] bool has_value() const noexcept { return has_value_; }
  /// Whether there is a value.
  explicit operator bool() const noexcept { return has_value_; }

  /// Returns the value, or throws the error exactly as the operation would have.
  T value() && {
    if (!has_value_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<T>) return std::move(value_);
  }
  /// Returns the value, or throws the error exactly as the operation would have.
  std::add_lvalue_reference_t<T> value() & {
    if (!has_value_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<T>) return value_;
  }
  /// Returns the value, or throws the error exactly as the operation would have.
  std::add_lvalue_reference_t<T const> value() const& {
    if (!has_value_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<T>) return value_;
  }

  /// The value. The behavior is undefined if there is none.
  stored& operator*() noexcept
    requires(!std::is_void_v<T>)
  {
    return value_;
  }
  /// The value. The behavior is undefined if there is none.
  stored const& operator*() const noexcept
    requires(!std::is_void_v<T>)
  {
    return value_;
  }
  /// Accesses a member of the value. The behavior is undefined if there is none.
  stored* operator->() noexcept
    requires(!std::is_void_v<T>)
  {
    return &value_;
  }
  /// Accesses a member of the value. The behavior is undefined if there is none.
  stored const* operator->() const noexcept
    requires(!std::is_void_v<T>)
  {
    return &value_;
  }

  /// The error's code; 0 (no error) if there is a value.
  [[nodiscard]] std::error_code error() const noexcept { return code_; }
  /// The error's message, which names the operation and the endpoint; empty if there is a value.
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
