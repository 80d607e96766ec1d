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

/// Options of `connect`.
struct connect_options {
  /// The time limit for the lookup and all connection attempts together. Zero: no limit but that of the system, which
  /// gives up on an address after about two minutes.
  std::chrono::milliseconds timeout{30'000};
  /// The time after which the next address is tried in parallel (RFC 8305, "Connection Attempt Delay").
  std::chrono::milliseconds attempt_delay{250};
};

/// Options of `listen`.
struct listen_options {
  /// The maximum number of connections that wait to be accepted. The system may impose a lower limit
  /// (net.core.somaxconn).
  int backlog = 4096;
  /// Lets a server bind its port again while connections of its predecessor are still in TIME_WAIT (SO_REUSEADDR).
  bool reuse_address = true;
  /// Lets several listeners share a port; the kernel distributes connections among them (SO_REUSEPORT).
  bool reuse_port = false;
  /// An IPv6 listener does not accept IPv4 connections (IPV6_V6ONLY).
  bool v6_only = false;
};

/// One end of a TCP connection. Small writes are sent at once: `no_delay` is on by default.
class STRAIT_API stream : public socket_stream {
 public:
  /// Not connected.
  stream() noexcept = default;
  /// Takes ownership of a connected socket, makes it non-blocking and turns `no_delay` on, as for all streams. Throws
  /// `error`; the caller then still owns the descriptor.
  explicit stream(int descriptor);

  /// Turns TCP_NODELAY on or off: whether small writes are sent at once instead of being delayed until there is more
  /// data.
  void no_delay(bool on);
  /// Whether TCP_NODELAY is on.
  [[nodiscard]] bool no_delay() const;
  /// Makes the kernel probe a peer that has been silent for `idle`, and then every `interval`; after `probes`
  /// unanswered probes the connection is reset, so that a peer that has vanished is detected (SO_KEEPALIVE). `idle` and
  /// `interval` are from 1 to 32767 seconds, `probes` from 1 to 127. An `idle` of zero turns probing off. Throws
  /// `error`, and then changes nothing.
  void keep_alive(std::chrono::seconds idle, std::chrono::seconds interval = std::chrono::seconds(10), int probes = 3);

  /// Closes the stream and resets the connection (RFC 9293, 3.10.5, "ABORT"): the peer's reads and writes fail with
  /// ECONNRESET, whereas after `close` its reads would reach the end of the stream. Use it so that a peer that has
  /// received only a part does not take it for the whole. Data that the kernel has not sent yet is discarded. No effect
  /// on a closed stream.
  void close_with_reset() noexcept;

  /// The address of this end. Throws `error` if the stream is closed.
  [[nodiscard]] endpoint local_endpoint() const;
  /// The address of the peer, even after the peer has disconnected. Throws `error` if the stream is closed.
  [[nodiscard]] endpoint remote_endpoint() const;

 private:
  friend class detail::tcp_stream_socket;
  using socket_stream::socket_stream;
};

/// Accepts connections. Move-only; the destructor closes it.
class STRAIT_API listener : public socket_listener {
 public:
  /// Closed: `accept` fails with `errc::closed`.
  listener() noexcept = default;
  /// Takes ownership of a listening socket and makes it non-blocking. Throws `error`; the caller then still owns the
  /// descriptor.
  explicit listener(int descriptor);

  /// Accepts the next connection. Connections that are aborted before they are accepted, or rejected by a firewall or a
  /// security module (EPERM), are skipped; only an error of the listener itself is thrown. When file descriptors or
  /// memory are exhausted, it retries after 5 ms, then at intervals that grow to 100 ms, until it succeeds or is
  /// canceled; meanwhile, connections wait in the backlog.
  [[nodiscard]] accept_operation<stream> accept() noexcept { return accept_operation<stream>(socket_); }

  /// The endpoint that it listens on; after `listen` on port 0, with the port that the kernel chose. May be called from
  /// any thread while the listener exists.
  [[nodiscard]] endpoint local_endpoint() const;
};

/// Listens on `where`. For port 0, the kernel chooses a port. Throws `error`, whose text begins "listen on
/// 127.0.0.1:5000".
[[nodiscard]] STRAIT_API listener listen(endpoint const& where, listen_options options = {});
/// The same for "127.0.0.1:5000", "[::1]:5000" or "localhost:5000" (which is 127.0.0.1).
[[nodiscard]] STRAIT_API listener listen(std::string_view where, listen_options options = {});
/// Creates `count` listeners that share a port, one for each loop; the kernel distributes connections among them
/// (SO_REUSEPORT). Throws `error` if any other socket listens on the port, even one that would share it.
[[nodiscard]] STRAIT_API std::vector<listener> listen_shared(endpoint const& where, std::size_t count,
                                                             listen_options options = {});
/// The same for "127.0.0.1:5000", "[::1]:5000" or "localhost:5000".
[[nodiscard]] STRAIT_API std::vector<listener> listen_shared(std::string_view where, std::size_t count,
                                                             listen_options options = {});
/// Listens on all addresses of this host: returns one listener for IPv6 and one for IPv4, on the same port, even if the
/// kernel chooses it because `port` is 0. An address family that the host does not support is omitted. Throws `error`
/// if neither can be used.
[[nodiscard]] STRAIT_API std::vector<listener> listen_all_addresses(std::uint16_t port, listen_options options = {});

/// Connects to one endpoint. If the destination is a local port without a listener, and the kernel chooses that port
/// for this end, the socket would be connected to itself; this is reported as `std::errc::connection_refused`.
[[nodiscard]] STRAIT_API task<stream> connect(endpoint const& to, connect_options options = {});
/// Connects to "host:port", where host is a name or an address. The addresses of a name are tried as RFC 8305 describes
/// ("Happy Eyeballs"): IPv6 and IPv4 alternate, and each attempt begins when the previous one has failed or
/// `attempt_delay` has passed. The first connection that is established is returned. Throws `error` with the last
/// failure; `timed_out` when `options.timeout` expires.
[[nodiscard]] STRAIT_API task<stream> connect(std::string_view host_and_port, connect_options options = {});
/// The same with separate host and port. An IPv6 address has no brackets here.
[[nodiscard]] STRAIT_API task<stream> connect(std::string_view host, std::uint16_t port, connect_options options = {});
/// The same for a list of endpoints, tried in the given order.
[[nodiscard]] STRAIT_API task<stream> connect(std::vector<endpoint> to, connect_options options = {});

}  // namespace tcp

template <>
STRAIT_API tcp::stream detail::accept_awaiter_for<tcp::stream>::await_resume();

}  // namespace strait
