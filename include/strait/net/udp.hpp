// udp: datagrams over IP.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/net/datagram.hpp"
#include "strait/net/endpoint.hpp"

namespace strait {

extern template class STRAIT_API basic_datagram_buffer<endpoint>;
extern template class STRAIT_API basic_datagram_socket<endpoint>;

namespace udp {

/// A datagram of `recv_batch` and `send_batch`.
using datagram = basic_datagram<endpoint>;
/// The memory of `recv_batch`.
using datagram_buffer = basic_datagram_buffer<endpoint>;

/// See `udp::bind`.
struct bind_options {
  /// Lets several sockets have the same address and port, for multicast, which they then all receive. What comes for
  /// one host only reaches just one of them: on Linux, the last one bound.
  bool reuse_address = false;
  /// Lets several sockets share the port; the system spreads the senders over them.
  bool reuse_port = false;
  /// An IPv6 socket takes no IPv4 datagrams.
  bool v6_only = false;
  /// Lets the system hand over datagrams of the same size and sender that have arrived together as one, which
  /// `recv_batch` divides again (Linux: UDP_GRO). It makes bursts cheaper. The single `recvfrom` and `recv` are then
  /// not available. No effect where the system cannot.
  bool receive_offload = false;
  /// Lets `send_batch` hand over neighbours of the same size and destination as one, for the system, or better the
  /// network adapter, to divide (Linux: UDP_SEGMENT). It makes sending bursts cheaper, the more so the longer their
  /// datagrams are. No effect where the system cannot.
  bool send_offload = false;
};

/// A UDP socket. See `basic_datagram_socket` for receiving and sending.
///
///     auto socket = udp::bind("localhost:5000");
///     char request[512];
///     for (;;) {
///       auto [size, from, truncated] = co_await socket.recvfrom(request);
///       auto sent = co_await as_result(socket.sendto(std::span(request, size), from));
///       if (!sent) log(sent.message());  // about this one answer, not about the server
///     }
class STRAIT_API socket : public basic_datagram_socket<endpoint> {
 public:
  /// Closed.
  socket() noexcept = default;
  /// Takes over a UDP socket, which is made non-blocking. Throws `error`; the descriptor then stays the caller's.
  explicit socket(int descriptor);

  /// May send to broadcast addresses (SO_BROADCAST).
  void broadcast(bool on);
  /// How many routers what it sends may pass, from 1 to 255 (IP_TTL, IPV6_UNICAST_HOPS).
  void ttl(int hops);
  [[nodiscard]] int ttl() const;

  /// Receives, besides, what is sent to `group`, a multicast address whose port does not matter, on the interface of
  /// this name ("eth0"; empty: the system chooses). The socket is best bound to the group's port and `any_v4` or
  /// `any_v6`, with `reuse_address`.
  void join_group(endpoint const& group, std::string_view interface = {});
  /// No longer. As it was joined.
  void leave_group(endpoint const& group, std::string_view interface = {});
  /// From where it sends to groups.
  void multicast_interface(std::string_view interface);
  /// How many routers that may pass, from 0, which keeps it on this host, to 255. At first 1.
  void multicast_ttl(int hops);
  /// Whether this host's own members of a group receive what it sends there. At first they do.
  void multicast_loopback(bool on);

 private:
  friend socket bind(endpoint const& where, bind_options options);
};

/// Receives at `where`; port 0 lets the system choose. Throws `error`, whose text begins "bind 127.0.0.1:5000".
[[nodiscard]] STRAIT_API socket bind(endpoint const& where, bind_options options = {});
/// The same for "127.0.0.1:5000", "[::1]:5000" or "localhost:5000" (which is 127.0.0.1).
[[nodiscard]] STRAIT_API socket bind(std::string_view where, bind_options options = {});
/// `count` sockets, one for each loop, that share a port: the system spreads the senders over them. Throws `error` if
/// somebody else is bound there, even if they would share it.
[[nodiscard]] STRAIT_API std::vector<socket> bind_shared(endpoint const& where, std::size_t count,
                                                         bind_options options = {});
[[nodiscard]] STRAIT_API std::vector<socket> bind_shared(std::string_view where, std::size_t count,
                                                         bind_options options = {});

/// A socket that is connected to `peer`, and bound to a port that the system chooses. Throws `error`.
[[nodiscard]] STRAIT_API task<socket> connect(endpoint const& peer, bind_options options = {});
/// The same for "host:port", where host is a name or an address; of a name's addresses it takes the first that this
/// host has a way to; "localhost" is 127.0.0.1, as for `bind`. Nobody is asked whether they are there: that shows in
/// the answers. A client that has to find a server at any of a name's addresses calls `resolve`, and connects a socket
/// to each of the endpoints: samples/02-time/time_client.cpp does.
[[nodiscard]] STRAIT_API task<socket> connect(std::string_view host_and_port, bind_options options = {});
/// The same with host and port apart: an IPv6 address then stands without brackets.
[[nodiscard]] STRAIT_API task<socket> connect(std::string_view host, std::uint16_t port, bind_options options = {});

}  // namespace udp
}  // namespace strait
