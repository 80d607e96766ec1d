// outcome: how one of several tasks side by side has ended.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace strait {

/// The value of a task or operation that returns `void`.
struct void_value {
  bool operator==(void_value const&) const = default;
};

namespace detail {

template <class T>
using value_t = std::conditional_t<std::is_void_v<T>, void_value, T>;

}  // namespace detail

/// What `when_any` and `when_all_settled` return for each of their tasks and operations: its value, or the exception
/// with which it ended. Is used like a `std::optional<T>`, and converts to one.
///
///     auto [n, late] = co_await when_any(peer.read(buffer), deadline());
///     if (n) use(*n);
///     if (late.failure()) log(describe(late.failure()));
template <class T>
class [[nodiscard]] outcome {
 public:
  /// Neither a value nor an exception: it has not ended.
  outcome() noexcept = default;
  outcome(T value) noexcept(std::is_nothrow_move_constructible_v<T>) : value_(std::move(value)) {}

  /// It ended with a value.
  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  /// The value; undefined if there is none.
  [[nodiscard]] T& operator*() & noexcept { return *value_; }
  [[nodiscard]] T const& operator*() const& noexcept { return *value_; }
  [[nodiscard]] T&& operator*() && noexcept { return *std::move(value_); }
  [[nodiscard]] T* operator->() noexcept { return &*value_; }
  [[nodiscard]] T const* operator->() const noexcept { return &*value_; }

  /// The value; without one, throws the failure or the `canceled` with which it ended. The latter's `transferred()` is
  /// what a canceled `write` or `read_exactly` had moved.
  T& value() & {
    check();
    return *value_;
  }
  T const& value() const& {
    check();
    return *value_;
  }
  T&& value() && {
    check();
    return *std::move(value_);
  }
  /// The value, or `otherwise` if there is none.
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) const& {
    return value_.value_or(std::forward<U>(otherwise));
  }
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) && {
    return std::move(value_).value_or(std::forward<U>(otherwise));
  }

  /// The exception with which it failed; null if it has a value or was canceled.
  [[nodiscard]] std::exception_ptr failure() const noexcept { return is_canceled_ ? nullptr : exception_; }
  /// It ended with `canceled`.
  [[nodiscard]] bool is_canceled() const noexcept { return is_canceled_; }

  operator std::optional<T>() const& { return value_; }
  operator std::optional<T>() && { return std::move(value_); }

  /// Has a value, and that is equal.
  friend bool operator==(outcome const& left, T const& right) { return left.has_value() && *left == right; }

  /// Called once, by the function that waits for the task.
  template <class... U>
  void set_value(U&&... arguments) {
    value_.emplace(std::forward<U>(arguments)...);
  }
  /// See `set_value`.
  void set_failure(std::exception_ptr failure) noexcept { exception_ = std::move(failure); }
  /// See `set_value`.
  void set_canceled(std::exception_ptr canceled) noexcept {
    exception_ = std::move(canceled);
    is_canceled_ = true;
  }

 private:
  void check() const {
    if (exception_) std::rethrow_exception(exception_);
    if (!value_) throw std::bad_optional_access();
  }

  std::optional<T> value_;
  std::exception_ptr exception_;
  bool is_canceled_ = false;
};

}  // namespace strait
