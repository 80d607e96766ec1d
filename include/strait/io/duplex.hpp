// duplex: two connected streams in memory, for testing code that works over any stream.
//
// They behave as sockets do and, on request, split the data more severely: into single bytes, or pieces of random size.
// Both belong to one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "strait/base/buffer.hpp"
#include "strait/base/export.hpp"
#include "strait/core/detail/branch.hpp"
#include "strait/core/task.hpp"

namespace strait {
namespace detail {

class duplex_direction;
class duplex_state;

/// A read or a write that has not been awaited yet. Becomes an awaiter when it is awaited.
struct duplex_request {
  enum class amount : unsigned char { some, all };

  duplex_direction* const* direction;  // the stream's member: the stream may be closed when the operation begins
  bool is_write;
  amount how_much;
  const_buffer buffer;  // for reads, too: the memory is mutable
  const_buffers more;
};

class STRAIT_API duplex_awaiter final : public operation {
 public:
  explicit duplex_awaiter(duplex_request const& request) noexcept;
  duplex_awaiter(duplex_awaiter const&) = delete;
  duplex_awaiter& operator=(duplex_awaiter const&) = delete;
  ~duplex_awaiter();

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    return start(self.promise().current_branch(), self);
  }
  std::size_t await_resume();

 private:
  friend class duplex_direction;
  enum class ending : unsigned char { none, done, end_of_stream, peer_closed, closed, canceled, empty_buffer };

  bool start(branch& where, std::coroutine_handle<> self);
  /// Counts `size` bytes as moved.
  void moved(std::size_t size) noexcept;
  void end(ending how) noexcept;
  void run_work() noexcept override;
  void cancel() noexcept override;
  [[noreturn]] void fail() const;

  bool const is_write_;
  duplex_request::amount const how_much_;
  ending ending_ = ending::none;
  bool is_queued_ = false;  // in the loop's queue
  duplex_direction* direction_;
  const_buffer buffer_;  // what remains to be transferred
  const_buffers more_;
  std::size_t transferred_ = 0;
  std::size_t wanted_;
};

}  // namespace detail

/// A read or a write of a `duplex_stream` that has not been awaited yet. Its result is the number of bytes.
class [[nodiscard("co_await it")]] duplex_operation {
 public:
  /// The result of `co_await`.
  using await_result = std::size_t;
  /// Made by the stream's functions.
  explicit duplex_operation(detail::duplex_request const& request) noexcept : request_(request) {}
  /// Begins the operation.
  detail::duplex_awaiter operator co_await() const noexcept { return detail::duplex_awaiter(request_); }

 private:
  detail::duplex_request request_;
};

/// Options of `duplex`.
struct duplex_options {
  /// The number of bytes that each direction buffers before a write waits; at least 1.
  std::size_t capacity = 64 * 1024;
  /// The maximum number of bytes that a `read` or a `write_some` transfers; at least 1.
  std::size_t max_chunk = SIZE_MAX;
  /// If not 0, each `read` and `write_some` transfers at most a random number of bytes between 1 and `max_chunk` (64 if
  /// that is not set). The same seed produces the same numbers.
  std::uint64_t seed = 0;
};

/// One end of a stream in memory. Move-only; the destructor closes it. It behaves as `tcp::stream` does: see
/// `socket_stream`.
class STRAIT_API duplex_stream {
 public:
  /// Not connected: every operation fails with `errc::closed`.
  duplex_stream() noexcept = default;
  /// Takes over the other stream, which is then not connected.
  duplex_stream(duplex_stream&& other) noexcept;
  /// Closes this stream and takes over the other.
  duplex_stream& operator=(duplex_stream&& other) noexcept;
  /// Closes the stream.
  ~duplex_stream() { close(); }

  /// Reads at least one byte, and as many as are available, fit and form one chunk. Returns their number; 0 means end
  /// of stream, and an empty buffer throws `std::invalid_argument`.
  [[nodiscard]] duplex_operation read(mutable_buffer into) noexcept { return reading(amount::some, into, {}); }
  /// The same into several buffers, each filled before the next.
  [[nodiscard]] duplex_operation read(mutable_buffers into) noexcept {
    return reading(amount::some, {}, detail::as_const_buffers(into));
  }
  /// Reads until the buffer is full. Returns its size. If the stream ends before, throws `unexpected_end` with the
  /// number of bytes that were read.
  [[nodiscard]] duplex_operation read_exactly(mutable_buffer into) noexcept { return reading(amount::all, into, {}); }
  /// The same into several buffers, each filled before the next.
  [[nodiscard]] duplex_operation read_exactly(mutable_buffers into) noexcept {
    return reading(amount::all, {}, detail::as_const_buffers(into));
  }

  /// Writes the whole buffer. Completes when the last byte is in the direction's buffer. Returns its size.
  [[nodiscard]] duplex_operation write(const_buffer from) noexcept { return writing(amount::all, from, {}); }
  /// The same from several buffers, in order.
  [[nodiscard]] duplex_operation write(const_buffers from) noexcept { return writing(amount::all, {}, from); }
  /// Writes at least one byte, and as many as there is room for and form one chunk. Returns their number.
  [[nodiscard]] duplex_operation write_some(const_buffer from) noexcept { return writing(amount::some, from, {}); }
  /// The same from several buffers, in order.
  [[nodiscard]] duplex_operation write_some(const_buffers from) noexcept { return writing(amount::some, {}, from); }

  /// Ends the output of this side: the other side reads everything that was written, then end of stream. Reading is not
  /// affected. No effect if the output has ended already.
  void shutdown_write();
  /// Closes the stream. Operations in progress end with `errc::closed`. The other side reads what was written, then end
  /// of stream; its writes fail as those to a disconnected peer do (EPIPE). No effect on a closed stream.
  void close() noexcept;
  /// Whether the stream is open.
  [[nodiscard]] bool is_open() const noexcept { return state_ != nullptr; }

 private:
  friend std::pair<duplex_stream, duplex_stream> duplex(duplex_options options);
  using amount = detail::duplex_request::amount;

  duplex_operation reading(amount wanted, const_buffer first, const_buffers more) noexcept {
    return duplex_operation({&in_, false, wanted, first, more});
  }
  duplex_operation writing(amount wanted, const_buffer first, const_buffers more) noexcept {
    return duplex_operation({&out_, true, wanted, first, more});
  }

  detail::duplex_state* state_ = nullptr;
  detail::duplex_direction* in_ = nullptr;
  detail::duplex_direction* out_ = nullptr;
};

/// Creates two streams that are connected to each other. Throws `std::bad_alloc`.
///
///     auto [client, server] = duplex({.max_chunk = 1});     // every read returns a single byte
[[nodiscard]] STRAIT_API std::pair<duplex_stream, duplex_stream> duplex(duplex_options options = {});

}  // namespace strait
