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

/// A datagram of a batch.
using datagram = basic_datagram<endpoint>;
/// The buffer of `recv_batch`.
using datagram_buffer = basic_datagram_buffer<endpoint>;

/// Options of `bind` and `connect`.
struct bind_options {
  /// Lets several sockets bind the same address and port (SO_REUSEADDR), for multicast, which all of them receive. A
  /// unicast datagram reaches only one of them: on Linux, the last one bound.
  bool reuse_address = false;
  /// Lets several sockets share the port; the kernel distributes senders among them (SO_REUSEPORT).
  bool reuse_port = false;
  /// An IPv6 socket does not receive IPv4 datagrams (IPV6_V6ONLY).
  bool v6_only = false;
  /// Receive offload (Linux: UDP_GRO): the kernel coalesces equal-sized datagrams of one sender, and `recv_batch`
  /// splits them again. Makes bursts cheaper. `recvfrom` and `recv` are then not available. No effect where the system
  /// does not support it.
  bool receive_offload = false;
  /// Send offload (Linux: UDP_SEGMENT): `send_batch` passes consecutive equal-sized datagrams to the same destination
  /// as one message, which the kernel or the network adapter segments (GSO). Makes sending bursts cheaper; the longer
  /// the datagrams, the greater the gain. No effect where the system does not support it.
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
  /// Takes ownership of a UDP socket and makes it non-blocking. Throws `error`; the caller then still owns the
  /// descriptor.
  explicit socket(int descriptor);

  /// Allows or forbids sending to broadcast addresses (SO_BROADCAST).
  void broadcast(bool on);
  /// Sets the time to live of unicast datagrams: the maximum number of hops, from 1 to 255 (IP_TTL, IPV6_UNICAST_HOPS).
  void ttl(int hops);
  /// The time to live of unicast datagrams.
  [[nodiscard]] int ttl() const;

  /// Joins a multicast group: the socket also receives what is sent to `group`, a multicast address whose port is
  /// ignored, on the interface with the given name ("eth0"; empty: the system chooses). Bind the socket to the group's
  /// port and `any_v4` or `any_v6`, with `reuse_address`.
  void join_group(endpoint const& group, std::string_view interface = {});
  /// Leaves a multicast group. Pass the same arguments as to `join_group`.
  void leave_group(endpoint const& group, std::string_view interface = {});
  /// Selects the interface for sending to multicast groups.
  void multicast_interface(std::string_view interface);
  /// Sets the time to live of multicast datagrams, from 0, which keeps them on this host, to 255. The default is 1.
  void multicast_ttl(int hops);
  /// Sets whether group members on this host receive what this socket sends to the group. The default is true.
  void multicast_loopback(bool on);

 private:
  friend socket bind(endpoint const& where, bind_options options);
};

/// Binds a socket to `where`. For port 0, the kernel chooses a port. Throws `error`, whose text begins "bind
/// 127.0.0.1:5000".
[[nodiscard]] STRAIT_API socket bind(endpoint const& where, bind_options options = {});
/// The same for "127.0.0.1:5000", "[::1]:5000" or "localhost:5000" (which is 127.0.0.1).
[[nodiscard]] STRAIT_API socket bind(std::string_view where, bind_options options = {});
/// Creates `count` sockets that share a port, one for each loop; the kernel distributes senders among them
/// (SO_REUSEPORT). Throws `error` if any other socket is bound to the port, even one that would share it.
[[nodiscard]] STRAIT_API std::vector<socket> bind_shared(endpoint const& where, std::size_t count,
                                                         bind_options options = {});
/// The same for "127.0.0.1:5000", "[::1]:5000" or "localhost:5000".
[[nodiscard]] STRAIT_API std::vector<socket> bind_shared(std::string_view where, std::size_t count,
                                                         bind_options options = {});

/// Creates a socket that is connected to `peer` and bound to a port that the kernel chooses. Throws `error`.
[[nodiscard]] STRAIT_API task<socket> connect(endpoint const& peer, bind_options options = {});
/// The same for "host:port", where host is a name or an address. For a name, the first address to which this host has a
/// route is used; "localhost" is 127.0.0.1, as for `bind`. Nothing is sent, so success does not mean that a server is
/// there. A client that must find a server at any of a name's addresses calls `resolve` and connects a socket to each
/// endpoint, as samples/02-time/time_client.cpp does.
[[nodiscard]] STRAIT_API task<socket> connect(std::string_view host_and_port, bind_options options = {});
/// The same with separate host and port. An IPv6 address has no brackets here.
[[nodiscard]] STRAIT_API task<socket> connect(std::string_view host, std::uint16_t port, bind_options options = {});

}  // namespace udp
}  // namespace strait
