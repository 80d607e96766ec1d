// tcp: listeners and streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "strait/base/chrono.hpp"
#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/net/endpoint.hpp"
#include "strait/net/socket_listener.hpp"
#include "strait/net/socket_stream.hpp"

namespace strait {
namespace detail {

class tcp_stream_socket;

}  // namespace detail

namespace tcp {

/// See `tcp::connect`.
struct connect_options {
  /// For all of it: the look-up, and the attempts at each address. Zero: no limit but the system's, which gives up an
  /// address after about two minutes.
  std::chrono::milliseconds timeout{30'000};
  /// How long one address gets before the next one is tried beside it (RFC 8305, "Connection Attempt Delay").
  std::chrono::milliseconds attempt_delay{250};
};

/// See `tcp::listen`.
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

/// One end of a TCP connection. Small writes are sent at once (`no_delay` is on).
class STRAIT_API stream : public socket_stream {
 public:
  /// Not connected.
  stream() noexcept = default;
  /// Takes over a connected socket, which is made non-blocking and, as all streams, no-delay. Throws `error`; the
  /// descriptor then stays the caller's.
  explicit stream(int descriptor);

  /// Small writes go out at once instead of waiting for more (TCP_NODELAY).
  void no_delay(bool on);
  [[nodiscard]] bool no_delay() const;
  /// Has the kernel probe a peer that has been silent for `idle`, and then every `interval`; the connection is reset
  /// after `probes` of them without an answer, so that a peer that has vanished is noticed (SO_KEEPALIVE). `idle` and
  /// `interval` from 1 to 32767 seconds, `probes` from 1 to 127; an `idle` of zero turns probing off. Throws `error`,
  /// and then changes nothing.
  void keep_alive(std::chrono::seconds idle, std::chrono::seconds interval = std::chrono::seconds(10), int probes = 3);

  /// Closes, and resets the connection (RFC 9293, 3.10.5, "ABORT"): the peer's reads and writes fail with ECONNRESET,
  /// where after `close` its reads would come to the end of the stream. So a peer that has received a part only does
  /// not take it for the whole. What the system has not sent yet is discarded. No effect on a closed stream.
  void close_with_reset() noexcept;

  /// Throws `error` if the stream is closed.
  [[nodiscard]] endpoint local_endpoint() const;
  /// The peer, also after it has gone.
  [[nodiscard]] endpoint remote_endpoint() const;

 private:
  friend class detail::tcp_stream_socket;
  using socket_stream::socket_stream;
};

/// Accepts connections.
class STRAIT_API listener : public socket_listener {
 public:
  /// Closed: `accept` fails with `errc::closed`.
  listener() noexcept = default;
  /// Takes over a listening socket, which is made non-blocking. Throws `error`; the descriptor then stays the caller's.
  explicit listener(int descriptor);

  /// Completes with the next connection. Connections that break before they are accepted, or are refused by a firewall
  /// or a security module (EPERM), are passed over; only an error of the listener itself ends it. When
  /// descriptors or memory have run out, it waits and tries again, from 5 ms up to 100 ms later, as long as it takes;
  /// the connections wait in the backlog meanwhile.
  [[nodiscard]] accept_operation<stream> accept() noexcept { return accept_operation<stream>(socket_); }

  /// Where it listens: with port 0, the port that the system chose. From any thread, while the listener is there.
  [[nodiscard]] endpoint local_endpoint() const;
};

/// Listens at `where`; port 0 lets the system choose. Throws `error`, whose text begins "listen on 127.0.0.1:5000".
[[nodiscard]] STRAIT_API listener listen(endpoint const& where, listen_options options = {});
/// The same for "127.0.0.1:5000", "[::1]:5000" or "localhost:5000" (which is 127.0.0.1).
[[nodiscard]] STRAIT_API listener listen(std::string_view where, listen_options options = {});
/// `count` listeners, one for each loop, that share a port: the system spreads the connections over them. Throws
/// `error` if somebody else listens there, too, even if they would share it.
[[nodiscard]] STRAIT_API std::vector<listener> listen_shared(endpoint const& where, std::size_t count,
                                                             listen_options options = {});
[[nodiscard]] STRAIT_API std::vector<listener> listen_shared(std::string_view where, std::size_t count,
                                                             listen_options options = {});
/// On all addresses of this host, IPv6 and IPv4, with a listener for each; on the same port, with port 0, too. What the
/// host does not have is left out. Throws `error` if that is both.
[[nodiscard]] STRAIT_API std::vector<listener> listen_all_addresses(std::uint16_t port, listen_options options = {});

/// Connects to one endpoint. If the destination is a local port without a listener, and the kernel chooses that
/// port for this end, the socket is connected to itself: that is reported as `std::errc::connection_refused`.
[[nodiscard]] STRAIT_API task<stream> connect(endpoint const& to, connect_options options = {});
/// Connects to "host:port", where host is a name or an address; a name's addresses are raced as RFC 8305 says: IPv6 and
/// IPv4 in turn, each begun when the one before has failed or has had its `attempt_delay`. The first that answers wins.
/// Throws `error`, which names what failed last; `timed_out` past the `timeout`.
[[nodiscard]] STRAIT_API task<stream> connect(std::string_view host_and_port, connect_options options = {});
/// The same with host and port apart: an IPv6 address then stands without brackets.
[[nodiscard]] STRAIT_API task<stream> connect(std::string_view host, std::uint16_t port, connect_options options = {});
/// The same for addresses at hand, in the order in which they are to be tried.
[[nodiscard]] STRAIT_API task<stream> connect(std::vector<endpoint> to, connect_options options = {});

}  // namespace tcp

template <>
STRAIT_API tcp::stream detail::accept_awaiter_for<tcp::stream>::await_resume();

}  // namespace strait
