// The ways an operation can end without its result: `error` and its kinds, and `canceled`.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>

#include "strait/base/export.hpp"

namespace strait {

/// Conditions that no system call reports by itself.
enum class errc {
  /// The stream ended in the middle of what was to be read.
  unexpected_end = 1,
  /// A deadline passed. Compares equal to `std::errc::timed_out`.
  timed_out,
  /// A name has no address. The text comes from `getaddrinfo`.
  host_not_found,
  /// The stream, listener, channel or the like was closed, here, while the operation was under way or before it began.
  closed,
  /// A line, a frame or the like is longer than allowed.
  limit_exceeded,
};

/// The category of `errc`.
[[nodiscard]] STRAIT_API std::error_category const& strait_category() noexcept;
/// Makes `errc` usable as a `std::error_code`.
[[nodiscard]] STRAIT_API std::error_code make_error_code(errc code) noexcept;

/// What operations throw: a `std::system_error` whose `what()` names the operation and the endpoint, then the reason:
/// "connect to 127.0.0.1:5000: connection refused".
class STRAIT_API error : public std::system_error {
 public:
  /// `context` is what was attempted, on what: "connect to 127.0.0.1:5000".
  error(std::error_code code, std::string_view context, std::size_t transferred = 0);
  /// The same with a reason of its own in place of the code's message.
  error(std::error_code code, std::string_view context, std::string_view reason, std::size_t transferred = 0);

  /// Bytes that the operation had moved before it failed; 0 where nothing moves.
  [[nodiscard]] std::size_t transferred() const noexcept { return transferred_; }
  /// For an operation that is made of several, and passes on the failure of one: what all of them have moved.
  void transferred(std::size_t bytes) noexcept { transferred_ = bytes; }

 private:
  std::size_t transferred_;
};

/// A deadline passed before the operation was done.
class STRAIT_API timed_out : public error {
 public:
  /// See `error`.
  explicit timed_out(std::string_view context, std::size_t transferred = 0);
};

/// The stream (or the file that is being sent) ended in the middle of what was to be read.
class STRAIT_API unexpected_end : public error {
 public:
  /// `context` as for `error`; `received` of `expected` bytes arrived before the end.
  unexpected_end(std::string_view context, std::size_t received, std::size_t expected);
  /// The stream ended while the total size was not known yet; `expected()` is `received` + 1.
  unexpected_end(std::string_view context, std::size_t received);
  /// Bytes that arrived before the end; they are in the caller's buffer, or still in the `buffered_reader`.
  [[nodiscard]] std::size_t received() const noexcept { return transferred(); }
  /// Bytes that were asked for.
  [[nodiscard]] std::size_t expected() const noexcept { return expected_; }

 private:
  std::size_t expected_;
};

/// A line, a frame or the like is longer than allowed. None of its bytes have been consumed: it can be read again with
/// a larger limit, or skipped.
class STRAIT_API limit_exceeded : public error {
 public:
  /// `context` as for `error`; `size` bytes exceed the `limit`.
  limit_exceeded(std::string_view context, std::size_t size, std::size_t limit);
  /// The size of a frame with a length prefix; otherwise, how many bytes had been received when it was rejected.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The largest size allowed, in bytes.
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t size_;
  std::size_t limit_;
};

/// Several tasks of one group failed, each with an error of its own. `what()` lists the first of them.
class STRAIT_API multiple_errors : public std::exception {
 public:
  /// Copies share one list. `count` is at least 2.
  multiple_errors(std::exception_ptr const* first, std::size_t count);
  multiple_errors(multiple_errors const& other) noexcept;
  multiple_errors& operator=(multiple_errors const&) = delete;
  ~multiple_errors() override;

  /// Lists the first of the errors.
  [[nodiscard]] char const* what() const noexcept override;
  /// The number of errors.
  [[nodiscard]] std::size_t size() const noexcept;
  /// The errors in the order they came; `index` < `size()`.
  [[nodiscard]] std::exception_ptr operator[](std::size_t index) const noexcept;

 private:
  struct list;
  list* list_;
};

/// Thrown out of an await in a scope that has been canceled. Not a `std::exception`, so that a handler's
/// `catch (std::exception const&)` lets it pass: it must reach the scope that was canceled.
class STRAIT_API canceled {
 public:
  /// Thrown by operations; programs only rethrow it.
  explicit canceled(std::size_t transferred = 0) noexcept : transferred_(transferred) {}
  /// Bytes that the operation had moved when it was canceled: of a `write`, how many were sent; of a `read_exactly`,
  /// how many are in the buffer.
  [[nodiscard]] std::size_t transferred() const noexcept { return transferred_; }
  /// As of `error`.
  void transferred(std::size_t bytes) noexcept { transferred_ = bytes; }

 private:
  std::size_t transferred_;
};

/// One line that says what `exception` is, for logs: `what()`, "canceled", or the name of a foreign type.
[[nodiscard]] STRAIT_API std::string describe(std::exception_ptr const& exception);

}  // namespace strait

template <>
struct std::is_error_code_enum<strait::errc> : std::true_type {};
