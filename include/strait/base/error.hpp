// Errors: `error` and the classes derived from it, `multiple_errors`, and `canceled`.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>

#include "strait/base/export.hpp"

namespace strait {
namespace detail {

/// Throws `std::invalid_argument`, because a read into an empty buffer would return 0, like the end of the stream.
[[noreturn]] STRAIT_API void throw_empty_buffer();

}  // namespace detail

/// Error codes of the library, for conditions that have no code of the operating system.
enum class errc {
  /// The stream ended before the requested bytes had arrived.
  unexpected_end = 1,
  /// A deadline passed. Compares equal to `std::errc::timed_out`.
  timed_out,
  /// A host name could not be resolved. The message comes from `getaddrinfo`.
  host_not_found,
  /// This program closed the stream, listener, channel or the like, before or during the operation.
  closed,
  /// A line, a frame or the like exceeds its size limit.
  limit_exceeded,
};

/// The error category of `errc`.
[[nodiscard]] STRAIT_API std::error_category const& strait_category() noexcept;
/// Converts an `errc` to a `std::error_code`.
[[nodiscard]] STRAIT_API std::error_code make_error_code(errc code) noexcept;

/// The exception that operations throw: a `std::system_error` whose `what()` names the operation, the endpoint and the
/// reason: "connect to 127.0.0.1:5000: connection refused".
class STRAIT_API error : public std::system_error {
 public:
  /// `context` names the operation and its object, for example "connect to 127.0.0.1:5000". The reason in `what()` is
  /// the message of `code`.
  error(std::error_code code, std::string_view context, std::size_t transferred = 0);
  /// The same, with `reason` in place of the message of `code`.
  error(std::error_code code, std::string_view context, std::string_view reason, std::size_t transferred = 0);

  /// Bytes that the operation had transferred before it failed; 0 for operations that transfer no data.
  [[nodiscard]] std::size_t transferred() const noexcept { return transferred_; }
  /// Sets `transferred()`. For an operation composed of several, which passes on the error of one of them.
  void transferred(std::size_t bytes) noexcept { transferred_ = bytes; }

 private:
  std::size_t transferred_;
};

/// A deadline passed before the operation was complete.
class STRAIT_API timed_out : public error {
 public:
  /// `context` and `transferred` as for `error`.
  explicit timed_out(std::string_view context, std::size_t transferred = 0);
};

/// The stream, or the file that is being sent, ended before the requested bytes had arrived.
class STRAIT_API unexpected_end : public error {
 public:
  /// `context` as for `error`; only `received` of `expected` bytes arrived.
  unexpected_end(std::string_view context, std::size_t received, std::size_t expected);
  /// For a stream that ended before the total size was known; `expected()` is `received` + 1.
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
  /// `context` as for `error`; `size` is greater than `limit`.
  limit_exceeded(std::string_view context, std::size_t size, std::size_t limit);
  /// The size of a frame with a length prefix; otherwise, how many bytes had been received when it was rejected.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The largest size allowed, in bytes.
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t size_;
  std::size_t limit_;
};

/// Several tasks of a group failed, each with its own exception.
class STRAIT_API multiple_errors : public std::exception {
 public:
  /// Holds the `count` exceptions from `first` on. `count` must be at least 2.
  multiple_errors(std::exception_ptr const* first, std::size_t count);
  /// A copy shares the list of exceptions with the original.
  multiple_errors(multiple_errors const& other) noexcept;
  multiple_errors& operator=(multiple_errors const&) = delete;
  ~multiple_errors() override;

  /// The number of exceptions, and the messages of the first eight.
  [[nodiscard]] char const* what() const noexcept override;
  /// The number of exceptions.
  [[nodiscard]] std::size_t size() const noexcept;
  /// The exceptions, in the order in which they were thrown; `index` must be less than `size()`.
  [[nodiscard]] std::exception_ptr operator[](std::size_t index) const noexcept;

 private:
  struct list;
  list* list_;
};

/// Thrown by an await in a scope that has been canceled. It is not derived from `std::exception`, so that a handler's
/// `catch (std::exception const&)` does not catch it: it must reach the scope that was canceled.
class STRAIT_API canceled {
 public:
  /// `transferred` as for `error`.
  explicit canceled(std::size_t transferred = 0) noexcept : transferred_(transferred) {}
  /// Bytes that the operation had transferred when it was canceled: for `write`, how many were sent; for
  /// `read_exactly`, how many are in the buffer.
  [[nodiscard]] std::size_t transferred() const noexcept { return transferred_; }
  /// Sets `transferred()`, as for `error`.
  void transferred(std::size_t bytes) noexcept { transferred_ = bytes; }

 private:
  std::size_t transferred_;
};

/// Returns a one-line description of `exception`, for logs: its `what()`; "canceled"; for other types than
/// `std::exception`, the type's name; for null, "no error".
[[nodiscard]] STRAIT_API std::string describe(std::exception_ptr const& exception);

}  // namespace strait

template <>
struct std::is_error_code_enum<strait::errc> : std::true_type {};
