// The interface that all socket streams share: reading, writing, closing.
//
// A stream belongs to one loop at a time, the one on which its first operation is awaited. It may outlive that loop,
// and then be used on another. An operation begins when it is awaited; until then it refers to its stream, which must
// exist, open or closed. Only one task at a time may read a stream, and one write it; a second one gets
// `std::logic_error`. Errors are thrown as `error`, whose text names the operation and the peer. Cancellation, a
// time-out or `close` ends an operation that waits; bytes that were transferred by then are reported, never lost: see
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

/// A read or a write that has not been awaited yet. Becomes an awaiter when it is awaited.
struct transfer_request {
  enum class amount : unsigned char { some, all };

  transfer_request(stream_socket* const& on, io_operation::kind kind, amount wanted, const_buffer first,
                   const_buffers others = {}) noexcept
      : socket(&on), what(kind), how_much(wanted), buffer(first), more(others) {}

  stream_socket* const* socket;  // the public stream's member: the stream may be closed when the operation begins
  io_operation::kind what;
  amount how_much;
  const_buffer buffer;  // for reads, too: the memory is mutable
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
  /// The operation has been canceled or has timed out, and will end soon.
  [[nodiscard]] bool ends_early() const noexcept { return early_end_ != early_end::none; }
  /// Since when its branch waits.
  [[nodiscard]] std::int64_t waits_since() const noexcept { return waiting_branch().waits_since(); }
  /// Bytes that the last attempt moved and that `stream_socket` has not counted yet.
  [[nodiscard]] std::size_t uncounted() const noexcept { return moved_; }

 private:
  friend class socket_awaiter<transfer_awaiter>;

  void add(const_buffers more) noexcept;
  [[nodiscard]] bool is_done_already() noexcept;
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

/// A read into memory that is allocated when there is data to read.
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

/// A read or a write that has not been awaited yet. Its result is the number of bytes.
class [[nodiscard("co_await it")]] transfer_operation {
 public:
  /// The result of `co_await`.
  using await_result = std::size_t;
  /// Made by the stream's functions.
  explicit transfer_operation(detail::transfer_request const& request) noexcept : request_(request) {}
  /// Begins the operation.
  detail::transfer_awaiter operator co_await() const noexcept { return detail::transfer_awaiter(request_); }

 private:
  detail::transfer_request request_;
};

/// A read into borrowed memory that has not been awaited yet. Its result is `borrowed_bytes`.
class [[nodiscard("co_await it")]] borrow_operation {
 public:
  /// The result of `co_await`.
  using await_result = borrowed_bytes;
  /// Made by `read_borrowed`.
  borrow_operation(detail::stream_socket* const& on, std::size_t headroom) noexcept
      : socket_(&on), headroom_(headroom) {}
  /// Begins the operation.
  detail::borrow_awaiter operator co_await() const noexcept { return detail::borrow_awaiter(*socket_, headroom_); }

 private:
  detail::stream_socket* const* socket_;
  std::size_t headroom_;
};

/// A connected socket as a stream of bytes: the base class of `tcp::stream` and `local::stream`. Move-only; the
/// destructor closes it. On a stream that is not connected, every operation fails with `errc::closed`.
class STRAIT_API socket_stream : public detail::data_socket_handle<detail::stream_socket> {
 public:
  /// Reads at least one byte, and as many as are available and fit into the buffer. Returns their number; 0 means that
  /// the peer has ended the stream. An empty buffer, such as a std::string without a size, throws
  /// `std::invalid_argument`. After a reset, or when the connection is lost in another way, reads first return the
  /// bytes that had arrived; then every read fails, even if a write was the first to report the loss.
  [[nodiscard]] transfer_operation read(mutable_buffer into) noexcept {
    return transfer_operation({socket_, kind::read, amount::some, into});
  }
  /// The same into several buffers, each filled before the next.
  [[nodiscard]] transfer_operation read(mutable_buffers into) noexcept {
    return transfer_operation({socket_, kind::read, amount::some, {}, detail::as_const_buffers(into)});
  }

  /// The same into memory that the stream allocates from a pool when data has arrived, so that idle connections hold no
  /// buffers. An empty result means end of stream. `headroom` bytes, at most half of the block, are left free at the
  /// front for `borrowed_bytes::prepend`. If no memory can be allocated, it fails with ENOMEM, and no data is lost.
  ///
  ///     while (auto bytes = co_await peer.read_borrowed()) co_await peer.write(bytes);
  [[nodiscard]] borrow_operation read_borrowed(std::size_t headroom = 0) noexcept { return {socket_, headroom}; }

  /// Reads until the buffer is full. Returns its size. If the stream ends before, throws `unexpected_end` with the
  /// number of bytes that were read.
  [[nodiscard]] transfer_operation read_exactly(mutable_buffer into) noexcept {
    return transfer_operation({socket_, kind::read, amount::all, into});
  }
  /// The same into several buffers, each filled before the next.
  [[nodiscard]] transfer_operation read_exactly(mutable_buffers into) noexcept {
    return transfer_operation({socket_, kind::read, amount::all, {}, detail::as_const_buffers(into)});
  }

  /// Writes the whole buffer. Completes when the kernel has accepted all of it. Returns its size.
  [[nodiscard]] transfer_operation write(const_buffer from) noexcept {
    return transfer_operation({socket_, kind::write, amount::all, from});
  }
  /// The same from several buffers, in order.
  [[nodiscard]] transfer_operation write(const_buffers from) noexcept {
    return transfer_operation({socket_, kind::write, amount::all, {}, from});
  }

  /// Writes at least one byte, and as many as the kernel accepts at once. Returns their number.
  [[nodiscard]] transfer_operation write_some(const_buffer from) noexcept {
    return transfer_operation({socket_, kind::write, amount::some, from});
  }
  /// The same from several buffers, in order.
  [[nodiscard]] transfer_operation write_some(const_buffers from) noexcept {
    return transfer_operation({socket_, kind::write, amount::some, {}, from});
  }

  /// Ends the output of this side: the peer reads everything that was written, then end of stream. Reading is not
  /// affected. No effect if the output has ended already, or if the connection is over (reset, or ended by both sides).
  /// Fails only on a closed stream, with `errc::closed`.
  void shutdown_write();

  /// Sets the idle time-out: a read or write ends with `timed_out` if no data moves in either direction for `limit`.
  /// Only time during which an operation waits is counted, not time in which the program computes or does other things.
  /// Zero, the default, means no limit. The deadline may be exceeded by some milliseconds. The cost per operation is
  /// negligible.
  void idle_timeout(std::chrono::nanoseconds limit);

  /// Sets the write time-out: a write ends with `timed_out` if the peer accepts no data for `limit`, even if data
  /// arrives from the peer meanwhile. Zero, the default, means no limit. The deadline may be exceeded by one eighth of
  /// the limit.
  void write_timeout(std::chrono::nanoseconds limit);

  /// Sets the minimum receive rate: if the peer sends fewer than `bytes_per_second`, averaged over `window`, the read
  /// ends with `timed_out`, whose text states how many bytes were received. Bytes that arrive at that moment are
  /// returned, and the next read that would have to wait ends with `timed_out`. Only time during which a read waits is
  /// counted, not time that the handler takes. If peers may be silent between two requests, set the rate when a request
  /// begins, and zero, which means no limit, when it is complete. Each call begins a new window. The window is at least
  /// 10 ms.
  void minimum_receive_rate(std::uint64_t bytes_per_second, std::chrono::nanoseconds window = std::chrono::seconds(5));

  /// The number of bytes received so far; 0 if the stream is closed. Includes the part that an unfinished operation has
  /// transferred.
  [[nodiscard]] std::uint64_t bytes_read() const noexcept;
  /// The number of bytes that the kernel has accepted for sending so far; 0 if the stream is closed.
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
