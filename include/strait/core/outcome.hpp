// outcome: the value or the exception of one of several concurrent tasks.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace strait {

/// The value of a task or operation that returns `void`.
struct void_value {
  /// All objects are equal.
  bool operator==(void_value const&) const = default;
};

namespace detail {

template <class T>
using value_t = std::conditional_t<std::is_void_v<T>, void_value, T>;

}  // namespace detail

/// The result that `when_any` and `when_all_settled` return for each of their tasks and operations: its value, or the
/// exception with which it ended. It has the interface of a `std::optional<T>`, and converts to one.
///
///     auto [n, late] = co_await when_any(peer.read(buffer), deadline());
///     if (n) use(*n);
///     if (late.failure()) log(describe(late.failure()));
template <class T>
class [[nodiscard]] outcome {
 public:
  /// The outcome of a task that has not ended: neither a value nor an exception.
  outcome() noexcept = default;
  /// Holds `value`.
  outcome(T value) noexcept(std::is_nothrow_move_constructible_v<T>) : value_(std::move(value)) {}

  /// Whether there is a value.
  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  /// Whether there is a value.
  explicit operator bool() const noexcept { return has_value(); }

  /// The value. The behavior is undefined if there is none.
  [[nodiscard]] T& operator*() & noexcept { return *value_; }
  /// The value. The behavior is undefined if there is none.
  [[nodiscard]] T const& operator*() const& noexcept { return *value_; }
  /// The value. The behavior is undefined if there is none.
  [[nodiscard]] T&& operator*() && noexcept { return *std::move(value_); }
  /// Accesses a member of the value. The behavior is undefined if there is none.
  [[nodiscard]] T* operator->() noexcept { return &*value_; }
  /// Accesses a member of the value. The behavior is undefined if there is none.
  [[nodiscard]] T const* operator->() const noexcept { return &*value_; }

  /// Returns the value, or throws the exception with which the task ended, which may be `canceled`. After a canceled
  /// `write` or `read_exactly`, `canceled::transferred()` is the number of bytes that it had transferred.
  T& value() & {
    check();
    return *value_;
  }
  /// The same for a const outcome.
  T const& value() const& {
    check();
    return *value_;
  }
  /// The same for a temporary outcome.
  T&& value() && {
    check();
    return *std::move(value_);
  }
  /// The value, or `otherwise` if there is none.
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) const& {
    return value_.value_or(std::forward<U>(otherwise));
  }
  /// The value, or `otherwise` if there is none.
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) && {
    return std::move(value_).value_or(std::forward<U>(otherwise));
  }

  /// The exception with which the task failed; null if it has a value or was canceled.
  [[nodiscard]] std::exception_ptr failure() const noexcept { return is_canceled_ ? nullptr : exception_; }
  /// Whether the task ended with `canceled`.
  [[nodiscard]] bool is_canceled() const noexcept { return is_canceled_; }

  /// Converts to the value, or to an empty optional if there is none.
  operator std::optional<T>() const& { return value_; }
  /// Converts to the value, or to an empty optional if there is none.
  operator std::optional<T>() && { return std::move(value_); }

  /// Whether `left` has a value, and it equals `right`.
  friend bool operator==(outcome const& left, T const& right) { return left.has_value() && *left == right; }

  /// Sets the value. Called once, by `when_any` or `when_all_settled`.
  template <class... U>
  void set_value(U&&... arguments) {
    value_.emplace(std::forward<U>(arguments)...);
  }
  /// Sets the exception. Called once, by `when_any` or `when_all_settled`.
  void set_failure(std::exception_ptr failure) noexcept { exception_ = std::move(failure); }
  /// Sets `canceled` as the outcome. Called once, by `when_any` or `when_all_settled`.
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
