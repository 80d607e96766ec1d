// tcp: listeners and streams.
//
// Streams and listeners belong to one loop at a time: the one on which their first operation is awaited. They may
// outlive it, and then go on on another. An operation begins when it is awaited; until then it refers to its stream,
// which must be there, open or closed. Only one task may read a stream at a time, and one write; a second one gets
// `std::logic_error`. Errors are thrown as `error`, with the operation and the peer in its text. A cancel, a time-out
// or a close of the stream ends an operation that waits; bytes that have moved by then are reported, never lost: see
// `canceled::transferred` and `error::transferred`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "strait/base/buffer.hpp"
#include "strait/base/chrono.hpp"
#include "strait/base/error.hpp"
#include "strait/base/result.hpp"
#include "strait/core/detail/io_operation.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/core/task.hpp"
#include "strait/net/endpoint.hpp"

namespace strait {
namespace detail {

class stream_socket;
class listener_socket;

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

class transfer_awaiter final : public io_operation {
 public:
  explicit transfer_awaiter(transfer_request const& request) noexcept
      : io_operation(request.what, request.buffer),
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

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    return start(self.promise().current_branch(), self);
  }
  std::size_t await_resume() {
    if (error_ != 0) [[unlikely]]
      fail();
    return transferred_;
  }
  result<std::size_t> await_as_result();

 private:
  friend class stream_socket;
  enum class state : unsigned char { queued, started, ended };
  enum class early_end : unsigned char { none, canceled, timed_out };

  void add(const_buffers more) noexcept;
  void drop() noexcept;
  bool start(branch& where, std::coroutine_handle<> self);
  bool advance(loop_core& loop) noexcept;
  bool is_done() noexcept;
  bool is_done_after_part() noexcept;
  void end_early(early_end why) noexcept;
  void end() noexcept;
  void io_done() noexcept override;
  void run_work() noexcept override;
  void cancel() noexcept override;
  void time_out() noexcept;
  [[noreturn]] void fail() const;

  transfer_request::amount how_much_;
  state state_ = state::queued;
  early_end early_end_ = early_end::none;
  stream_socket* socket_;
  std::size_t transferred_ = 0;
  std::size_t wanted_;
};

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

namespace tcp {

class stream;

struct connect_options {
  /// For all of it: the look-up, and the attempts at each address.
  std::chrono::milliseconds timeout{30'000};
  /// How long one address gets before the next one is tried beside it (RFC 8305, "Connection Attempt Delay").
  std::chrono::milliseconds attempt_delay{250};
};

struct listen_options {
  /// How many connections may wait to be accepted; the system may set a lower limit (net.core.somaxconn).
  int backlog = 4096;
  /// Lets a server restart on its port while connections of its predecessor linger.
  bool reuse_address = true;
  /// Lets several listeners share a port; the system spreads the connections over them.
  bool reuse_port = false;
  /// An IPv6 listener takes no IPv4 connections.
  bool v6_only = false;
};

/// One end of a TCP connection. Move-only; closes itself. Small writes are sent at once (`no_delay` is on).
class stream {
 public:
  /// Not connected: every operation fails with `errc::closed`.
  stream() noexcept = default;
  /// Takes over a connected socket, which is made non-blocking and, as all streams, no-delay. Throws `error`; the
  /// descriptor then stays the caller's.
  explicit stream(int descriptor);
  stream(stream&& other) noexcept;
  stream& operator=(stream&& other) noexcept;
  ~stream();

  /// Reads at least one byte, as many as there are and fit; 0 is the end of the stream (or an empty buffer).
  [[nodiscard]] transfer_operation read(mutable_buffer into) noexcept {
    return transfer_operation({socket_, kind::read, amount::some, into});
  }
  /// The same into several buffers, each filled before the next.
  [[nodiscard]] transfer_operation read(mutable_buffers into) noexcept {
    return transfer_operation({socket_, kind::read, amount::some, {}, detail::as_const_buffers(into)});
  }

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

  /// Ends this side's stream: the peer reads to the end of what was written. Reading goes on.
  void shutdown_write();

  /// Closes the connection. Operations under way end with `errc::closed`. No effect on a closed one.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return socket_ != nullptr; }

  /// A read or write during which nothing moves in either direction for `limit` ends with `timed_out`. Zero: no limit,
  /// as at first. The deadline may be missed by some milliseconds; it costs an operation next to nothing.
  void idle_timeout(std::chrono::nanoseconds limit);

  /// Small writes go out at once instead of waiting for more (TCP_NODELAY).
  void no_delay(bool on);
  [[nodiscard]] bool no_delay() const;
  /// Has the system probe a silent peer after `idle`, so that one that has vanished is noticed (SO_KEEPALIVE). Zero:
  /// not.
  void keep_alive(std::chrono::seconds idle, std::chrono::seconds interval = std::chrono::seconds(10), int probes = 3);
  /// The system's buffers in bytes (SO_RCVBUF, SO_SNDBUF). Linux gives back twice what was set.
  void receive_buffer_size(int bytes);
  [[nodiscard]] int receive_buffer_size() const;
  void send_buffer_size(int bytes);
  [[nodiscard]] int send_buffer_size() const;

  /// Throws `error` if the stream is closed.
  [[nodiscard]] endpoint local_endpoint() const;
  /// The peer, also after it has gone.
  [[nodiscard]] endpoint remote_endpoint() const;

  /// The descriptor, still owned by the stream; -1 if it is closed.
  [[nodiscard]] int native_handle() const noexcept;
  /// Gives up the descriptor, which stays open and non-blocking; no operation may be under way.
  [[nodiscard]] int release() noexcept;

 private:
  using kind = detail::io_operation::kind;
  using amount = detail::transfer_request::amount;
  friend class detail::stream_socket;
  explicit stream(detail::stream_socket* socket) noexcept : socket_(socket) {}
  [[nodiscard]] int open_handle(char const* operation) const;

  detail::stream_socket* socket_ = nullptr;
};

}  // namespace tcp

namespace detail {

class accept_awaiter final : public io_operation, private timer {
 public:
  explicit accept_awaiter(listener_socket* socket) noexcept;
  ~accept_awaiter();

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    return start(self.promise().current_branch(), self);
  }
  tcp::stream await_resume();

 private:
  friend class listener_socket;
  enum class state : unsigned char { queued, started, backing_off, ended };

  bool start(branch& where, std::coroutine_handle<> self);
  bool advance() noexcept;
  bool has_ended() noexcept;
  void listener_closed() noexcept;
  void finish_with(int code) noexcept;
  void end() noexcept;
  void io_done() noexcept override;
  void run_work() noexcept override;
  void cancel() noexcept override;
  void expired() noexcept override;

  listener_socket* socket_;
  loop_core* loop_ = nullptr;
  std::chrono::milliseconds back_off_{0};
  state state_ = state::queued;
  bool is_canceled_ = false;
  bool has_accepted_ = false;  // `moved_` is a descriptor to be closed or passed on
};

}  // namespace detail

/// The next connection of a listener, to be awaited: gives a `tcp::stream`.
class [[nodiscard("co_await it")]] accept_operation {
 public:
  using await_result = tcp::stream;
  explicit accept_operation(detail::listener_socket* const& socket) noexcept : socket_(&socket) {}
  detail::accept_awaiter operator co_await() const noexcept { return detail::accept_awaiter(*socket_); }

 private:
  detail::listener_socket* const* socket_;
};

namespace tcp {

/// Accepts connections. Move-only; closes itself. One task at a time may accept.
class listener {
 public:
  /// Closed: `accept` fails with `errc::closed`.
  listener() noexcept = default;
  /// Takes over a listening socket, which is made non-blocking. Throws `error`; the descriptor then stays the caller's.
  explicit listener(int descriptor);
  listener(listener&& other) noexcept;
  listener& operator=(listener&& other) noexcept;
  ~listener();

  /// Completes with the next connection. Connections that break before they are accepted are passed over. When
  /// descriptors or memory have run out, it waits and tries again, from 5 ms up to 100 ms later, as long as it takes;
  /// the connections wait in the backlog meanwhile.
  [[nodiscard]] accept_operation accept() noexcept { return accept_operation(socket_); }

  /// How often `accept` has had to wait for descriptors or memory.
  [[nodiscard]] std::uint64_t back_offs() const noexcept;

  /// Where it listens: with port 0, the port that the system chose.
  [[nodiscard]] endpoint local_endpoint() const;

  /// Stops listening. An `accept` under way ends with `errc::closed`. No effect on a closed one.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return socket_ != nullptr; }
  [[nodiscard]] int native_handle() const noexcept;

 private:
  detail::listener_socket* socket_ = nullptr;
};

/// Listens at `where`; port 0 lets the system choose. Throws `error`, whose text begins "listen on 127.0.0.1:5000".
[[nodiscard]] listener listen(endpoint const& where, listen_options options = {});
/// The same for "127.0.0.1:5000", "[::1]:5000" or "localhost:5000" (which is 127.0.0.1).
[[nodiscard]] listener listen(std::string_view where, listen_options options = {});

/// Connects to one endpoint.
[[nodiscard]] task<stream> connect(endpoint const& to, connect_options options = {});
/// Connects to "host:port", where host is a name or an address; a name's addresses are raced as RFC 8305 says: IPv6 and
/// IPv4 in turn, each begun when the one before has failed or has had its `attempt_delay`. The first that answers wins.
/// Throws `error`, which names what failed last; `timed_out` past the `timeout`.
[[nodiscard]] task<stream> connect(std::string_view host_and_port, connect_options options = {});
/// The same with host and port apart: an IPv6 address then stands without brackets.
[[nodiscard]] task<stream> connect(std::string_view host, std::uint16_t port, connect_options options = {});
/// The same for addresses at hand, in the order in which they are to be tried.
[[nodiscard]] task<stream> connect(std::vector<endpoint> to, connect_options options = {});

}  // namespace tcp
}  // namespace strait
