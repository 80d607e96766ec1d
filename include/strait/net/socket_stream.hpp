// What the streams of all kinds of sockets have in common: reading, writing, closing.
//
// Streams belong to one loop at a time: the one on which their first operation is awaited. They may outlive it, and
// then go on on another. An operation begins when it is awaited; until then it refers to its stream, which must be
// there, open or closed. Only one task may read a stream at a time, and one write; a second one gets
// `std::logic_error`. Errors are thrown as `error`, with the operation and the peer in its text. A cancel, a time-out
// or a close of the stream ends an operation that waits; bytes that have moved by then are reported, never lost: see
// `canceled::transferred` and `error::transferred`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "strait/base/buffer.hpp"
#include "strait/base/chrono.hpp"
#include "strait/base/error.hpp"
#include "strait/base/export.hpp"
#include "strait/base/result.hpp"
#include "strait/core/detail/io_operation.hpp"
#include "strait/net/borrowed_bytes.hpp"
#include "strait/net/detail/socket_awaiter.hpp"
#include "strait/net/detail/socket_handle.hpp"

namespace strait {
namespace detail {

class splice_access;
class stream_socket;
class traffic_meter;

/// What a read or a write is to do; becomes an awaiter when it is awaited.
struct transfer_request {
  enum class amount : unsigned char { some, all };

  transfer_request(stream_socket* const& on, io_operation::kind kind, amount wanted, const_buffer first,
                   const_buffers others = {}) noexcept
      : socket(&on), what(kind), how_much(wanted), buffer(first), more(others) {}

  stream_socket* const* socket;  // the stream's: it may have been closed when the operation begins
  io_operation::kind what;
  amount how_much;
  const_buffer buffer;  // of a read, too: its memory is mutable
  const_buffers more;
};

class STRAIT_API transfer_awaiter final : public socket_awaiter<transfer_awaiter> {
 public:
  explicit transfer_awaiter(transfer_request const& request) noexcept
      : socket_awaiter(request.what, request.buffer),
        how_much_(request.how_much),
        socket_(*request.socket),
        wanted_(request.buffer.size()) {
    if (!request.more.empty()) [[unlikely]]
      add(request.more);
  }
  ~transfer_awaiter() {
    if (is_waiting()) [[unlikely]]
      drop();
  }

  std::size_t await_resume() {
    if (error_ != 0) [[unlikely]]
      fail();
    return transferred_;
  }
  result<std::size_t> await_as_result();

  void time_out() noexcept { end_early(early_end::timed_out); }
  /// It has been told to end, and will soon.
  [[nodiscard]] bool ends_early() const noexcept { return early_end_ != early_end::none; }
  /// As of its branch.
  [[nodiscard]] std::int64_t waits_since() const noexcept { return waiting_branch().waits_since(); }
  /// Bytes that the last attempt has moved and that `stream_socket` has not counted.
  [[nodiscard]] std::size_t uncounted() const noexcept { return moved_; }

 private:
  friend class socket_awaiter<transfer_awaiter>;

  void add(const_buffers more) noexcept;
  [[nodiscard]] bool is_done_already() const noexcept { return wanted_ == 0; }
  progress take_in(loop_core& loop) noexcept;
  progress take_in_part() noexcept;
  progress take_in_nothing() noexcept;
  [[nodiscard]] bool is_end_of_stream() const noexcept;
  [[noreturn]] void fail() const;

  transfer_request::amount how_much_;
  stream_socket* socket_;
  std::size_t transferred_ = 0;
  std::size_t wanted_;
};

/// A read into memory that is taken when there is something to read.
class STRAIT_API borrow_awaiter {
 public:
  borrow_awaiter(stream_socket* const& on, std::size_t headroom) noexcept;
  borrow_awaiter(borrow_awaiter const&) = delete;
  borrow_awaiter& operator=(borrow_awaiter const&) = delete;
  ~borrow_awaiter();

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    return read_.await_suspend(self);
  }
  borrowed_bytes await_resume();

 private:
  byte_block take() noexcept;
  transfer_awaiter read_;
};

extern template class STRAIT_API socket_handle<stream_socket>;
extern template class STRAIT_API data_socket_handle<stream_socket>;

}  // namespace detail

/// A read or a write of a stream, to be awaited: gives the number of bytes.
class [[nodiscard("co_await it")]] transfer_operation {
 public:
  using await_result = std::size_t;
  explicit transfer_operation(detail::transfer_request const& request) noexcept : request_(request) {}
  detail::transfer_awaiter operator co_await() const noexcept { return detail::transfer_awaiter(request_); }

 private:
  detail::transfer_request request_;
};

/// A read into borrowed memory, to be awaited: gives `borrowed_bytes`.
class [[nodiscard("co_await it")]] borrow_operation {
 public:
  using await_result = borrowed_bytes;
  borrow_operation(detail::stream_socket* const& on, std::size_t headroom) noexcept
      : socket_(&on), headroom_(headroom) {}
  detail::borrow_awaiter operator co_await() const noexcept { return detail::borrow_awaiter(*socket_, headroom_); }

 private:
  detail::stream_socket* const* socket_;
  std::size_t headroom_;
};

/// A connected socket as a stream of bytes: what `tcp::stream` and `local::stream` have in common. Move-only; closes
/// itself. One that is not connected fails every operation with `errc::closed`.
class STRAIT_API socket_stream : public detail::data_socket_handle<detail::stream_socket> {
 public:
  /// Reads at least one byte, as many as there are and fit; 0 is the end of the stream (or an empty buffer): the peer
  /// has ended it. After a reset, or another loss of the connection, reads first deliver the bytes that had arrived;
  /// then every read fails, even if a write was the first to report the loss.
  [[nodiscard]] transfer_operation read(mutable_buffer into) noexcept {
    return transfer_operation({socket_, kind::read, amount::some, into});
  }
  /// The same into several buffers, each filled before the next.
  [[nodiscard]] transfer_operation read(mutable_buffers into) noexcept {
    return transfer_operation({socket_, kind::read, amount::some, {}, detail::as_const_buffers(into)});
  }

  /// The same into memory that the stream lends, and takes only when something has come: tens of thousands of idle
  /// connections hold none. No bytes are the end of the stream. `headroom` bytes (half of the memory at most) are left
  /// free in front, for `borrowed_bytes::prepend`. Without memory it fails with ENOMEM, and nothing is lost.
  ///
  ///     while (auto bytes = co_await peer.read_borrowed()) co_await peer.write(bytes);
  [[nodiscard]] borrow_operation read_borrowed(std::size_t headroom = 0) noexcept { return {socket_, headroom}; }

  /// Fills the whole buffer. The end of the stream before that is `unexpected_end`, with how much came.
  [[nodiscard]] transfer_operation read_exactly(mutable_buffer into) noexcept {
    return transfer_operation({socket_, kind::read, amount::all, into});
  }
  [[nodiscard]] transfer_operation read_exactly(mutable_buffers into) noexcept {
    return transfer_operation({socket_, kind::read, amount::all, {}, detail::as_const_buffers(into)});
  }

  /// Writes all of the buffer: completes when the system has taken it. Gives its size.
  [[nodiscard]] transfer_operation write(const_buffer from) noexcept {
    return transfer_operation({socket_, kind::write, amount::all, from});
  }
  /// The same from several buffers, in order.
  [[nodiscard]] transfer_operation write(const_buffers from) noexcept {
    return transfer_operation({socket_, kind::write, amount::all, {}, from});
  }

  /// Writes at least one byte, as many as the system takes at once.
  [[nodiscard]] transfer_operation write_some(const_buffer from) noexcept {
    return transfer_operation({socket_, kind::write, amount::some, from});
  }
  [[nodiscard]] transfer_operation write_some(const_buffers from) noexcept {
    return transfer_operation({socket_, kind::write, amount::some, {}, from});
  }

  /// Ends this side's stream: the peer reads to the end of what was written. Reading goes on. No effect if it has been
  /// ended before, or if the connection is over (reset, or ended by both sides). Fails only on a stream that was closed
  /// on this side, with `errc::closed`.
  void shutdown_write();

  /// A read or write during which nothing moves in either direction for `limit` ends with `timed_out`. Only the time in
  /// which an operation waits counts, not that in which the program computes or does other things. Zero: no limit, as
  /// at first. The deadline may be missed by some milliseconds; it costs an operation next to nothing.
  void idle_timeout(std::chrono::nanoseconds limit);

  /// A write during which the peer takes nothing for `limit` ends with `timed_out`, whatever comes from the peer
  /// meanwhile. Zero: no limit, as at first. May be missed by an eighth of it.
  void write_timeout(std::chrono::nanoseconds limit);

  /// A peer that sends less than `bytes_per_second`, on average over `window` of waiting for it, is given up: the read
  /// ends with `timed_out`, whose text says how little has come; if bytes come at that moment they are delivered, and
  /// the next read that would wait ends so. Only time in which a read waits counts, not that which the handler takes.
  /// So a handler whose peers may be silent between two requests turns it on when a request has begun, and off (zero)
  /// when it has come. Each call begins a new window, which is of 10 ms at least.
  void minimum_receive_rate(std::uint64_t bytes_per_second, std::chrono::nanoseconds window = std::chrono::seconds(5));

  /// How many bytes the system has handed over and taken so far; 0 if the stream is closed. Of an operation that waits
  /// and has moved a part, that part counts.
  [[nodiscard]] std::uint64_t bytes_read() const noexcept;
  /// The same for writes.
  [[nodiscard]] std::uint64_t bytes_written() const noexcept;

 protected:
  using data_socket_handle::data_socket_handle;

 private:
  friend class detail::splice_access;
  friend class detail::traffic_meter;
  using kind = detail::io_operation::kind;
  using amount = detail::transfer_request::amount;
};

}  // namespace strait
