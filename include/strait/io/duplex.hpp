// duplex: two streams in memory that are connected with each other, for tests of whatever works over a stream.
//
// They behave as sockets do, and more cruelly if they are told to: give one byte at a time, or as many as a seed says.
// Both belong to one loop's thread.
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

/// What a read or a write is to do; becomes an awaiter when it is awaited.
struct duplex_request {
  enum class amount : unsigned char { some, all };

  duplex_direction* const* direction;  // the stream's: it may have been closed when the operation begins
  bool is_write;
  amount how_much;
  const_buffer buffer;  // of a read, too: its memory is mutable
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
  enum class ending : unsigned char { none, done, end_of_stream, peer_closed, closed, canceled };

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
  const_buffer buffer_;  // what is still to be moved
  const_buffers more_;
  std::size_t transferred_ = 0;
  std::size_t wanted_;
};

}  // namespace detail

/// A read or a write of a `duplex_stream`, to be awaited: gives the number of bytes.
class [[nodiscard("co_await it")]] duplex_operation {
 public:
  using await_result = std::size_t;
  explicit duplex_operation(detail::duplex_request const& request) noexcept : request_(request) {}
  detail::duplex_awaiter operator co_await() const noexcept { return detail::duplex_awaiter(request_); }

 private:
  detail::duplex_request request_;
};

/// See `duplex`.
struct duplex_options {
  /// How many bytes may be under way in each direction before a write waits; at least 1.
  std::size_t capacity = 64 * 1024;
  /// A read gives, and `write_some` takes, so many bytes at most; at least 1.
  std::size_t max_chunk = SIZE_MAX;
  /// If it is not 0, each of them moves a random number of bytes between 1 and `max_chunk` (64 if that is not set); the
  /// same seed gives the same numbers.
  std::uint64_t seed = 0;
};

/// One end of a stream in memory. Move-only; closes itself. What it promises is what `tcp::stream` does: see
/// `socket_stream`.
class STRAIT_API duplex_stream {
 public:
  /// Not connected: every operation fails with `errc::closed`.
  duplex_stream() noexcept = default;
  duplex_stream(duplex_stream&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)),
        in_(std::exchange(other.in_, nullptr)),
        out_(std::exchange(other.out_, nullptr)) {}
  duplex_stream& operator=(duplex_stream&& other) noexcept;
  ~duplex_stream() { close(); }

  /// Reads at least one byte, as many as there are, fit, and make a chunk; 0 is the end of the stream (or an empty
  /// buffer).
  [[nodiscard]] duplex_operation read(mutable_buffer into) noexcept { return reading(amount::some, into, {}); }
  [[nodiscard]] duplex_operation read(mutable_buffers into) noexcept {
    return reading(amount::some, {}, detail::as_const_buffers(into));
  }
  /// Fills the whole buffer. The end of the stream before that is `unexpected_end`, with how much came.
  [[nodiscard]] duplex_operation read_exactly(mutable_buffer into) noexcept { return reading(amount::all, into, {}); }
  [[nodiscard]] duplex_operation read_exactly(mutable_buffers into) noexcept {
    return reading(amount::all, {}, detail::as_const_buffers(into));
  }

  /// Writes all of the buffer: completes when the last of it is under way. Gives its size.
  [[nodiscard]] duplex_operation write(const_buffer from) noexcept { return writing(amount::all, from, {}); }
  [[nodiscard]] duplex_operation write(const_buffers from) noexcept { return writing(amount::all, {}, from); }
  /// Writes at least one byte, as many as there is room for and make a chunk.
  [[nodiscard]] duplex_operation write_some(const_buffer from) noexcept { return writing(amount::some, from, {}); }
  [[nodiscard]] duplex_operation write_some(const_buffers from) noexcept { return writing(amount::some, {}, from); }

  /// Ends this side's stream: the other side reads to the end of what was written. Reading goes on. No effect if it has
  /// been ended before.
  void shutdown_write();
  /// Operations under way end with `errc::closed`; the other side reads what was written and then 0, and its writes
  /// fail as those to a peer that has gone (EPIPE). No effect on a closed one.
  void close() noexcept;
  /// It is connected and not closed on this side.
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

/// Two streams that are connected with each other. Throws `std::bad_alloc`.
///
///     auto [client, server] = duplex({.max_chunk = 1});     // every read gives a single byte
[[nodiscard]] STRAIT_API std::pair<duplex_stream, duplex_stream> duplex(duplex_options options = {});

}  // namespace strait
