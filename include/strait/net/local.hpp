// local: streams and datagrams within this host (Unix-domain sockets).
//
// A socket that is bound to a path has a file there. Closing the socket removes the file, unless another process, such
// as a forked child, still has the socket open: then the last process that closes it removes the file. `listen` and
// `bind` replace the file of a socket that no process has open. They never replace the file of an open socket, or a
// file that is not a socket.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "strait/base/chrono.hpp"
#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/net/datagram.hpp"
#include "strait/net/local_endpoint.hpp"
#include "strait/net/socket_listener.hpp"
#include "strait/net/socket_stream.hpp"

namespace strait {

extern template class STRAIT_API basic_datagram_buffer<local::endpoint>;
extern template class STRAIT_API basic_datagram_socket<local::endpoint>;

namespace detail {

class local_stream_socket;

}  // namespace detail

namespace local {

/// A process, as it was when it connected.
struct credentials {
  /// The process ID. Linux only; empty if the peer is outside this process's PID namespace and its descendants.
  std::optional<int> pid;
  unsigned uid;  ///< the effective user ID
  unsigned gid;  ///< the effective group ID
};

/// See `local::listen`.
struct listen_options {
  /// How many connections may wait to be accepted; the system may set a lower limit (net.core.somaxconn).
  int backlog = 4096;
  /// The permissions of the socket's file, as for chmod, for example 0660: connecting requires write permission.
  /// -1: 0777 less the umask. On Linux the file has them from its creation, whatever the umask.
  int permissions = -1;
};

/// See `local::bind`.
struct bind_options {
  /// The permissions of the socket's file, as for chmod, for example 0660: sending requires write permission.
  /// -1: 0777 less the umask. On Linux the file has them from its creation, whatever the umask.
  int permissions = -1;
};

/// See `local::connect`.
struct connect_options {
  /// How long to wait while the listener's backlog is full. Zero: no limit.
  std::chrono::milliseconds timeout{30'000};
};

/// One end of a connection within this host.
class STRAIT_API stream : public socket_stream {
 public:
  /// Not connected.
  stream() noexcept = default;
  /// Takes over a connected socket, which is made non-blocking. Throws `error`; the descriptor then stays the caller's.
  explicit stream(int descriptor);

  /// Who the peer is. The system vouches for it. Throws `error` if the stream is closed.
  [[nodiscard]] credentials peer_credentials() const;

  /// Throws `error` if the stream is closed.
  [[nodiscard]] endpoint local_endpoint() const;
  /// The peer; most clients are unnamed.
  [[nodiscard]] endpoint remote_endpoint() const;

 private:
  friend class detail::local_stream_socket;
  using socket_stream::socket_stream;
};

/// Two streams that are connected with each other.
[[nodiscard]] STRAIT_API std::pair<stream, stream> stream_pair();

/// Accepts connections.
class STRAIT_API listener : public socket_listener {
 public:
  /// Closed: `accept` fails with `errc::closed`.
  listener() noexcept = default;
  /// Takes over a listening socket, which is made non-blocking. Its file, if it has one, is not removed in the end.
  /// Throws `error`; the descriptor then stays the caller's.
  explicit listener(int descriptor);

  /// Completes with the next connection. When descriptors or memory have run out, it waits and tries again, from 5 ms
  /// up to 100 ms later, as long as it takes; the connections wait in the backlog meanwhile.
  [[nodiscard]] accept_operation<stream> accept() noexcept { return accept_operation<stream>(socket_); }

  /// Where it listens. From any thread, while the listener is there.
  [[nodiscard]] endpoint local_endpoint() const;

 private:
  friend listener listen(endpoint const& where, listen_options options);
  using socket_listener::socket_listener;
};

/// Listens at `where`; at the unnamed endpoint, the system chooses an abstract name (Linux). Throws `error`, whose text
/// begins "listen on /run/service.sock".
[[nodiscard]] STRAIT_API listener listen(endpoint const& where, listen_options options = {});
/// The same for "/run/service.sock" or "@abstract-name".
[[nodiscard]] STRAIT_API listener listen(std::string_view where, listen_options options = {});

/// Connects to a listener. Throws `error`; `timed_out` past the `timeout`.
[[nodiscard]] STRAIT_API task<stream> connect(endpoint const& to, connect_options options = {});
[[nodiscard]] STRAIT_API task<stream> connect(std::string_view to, connect_options options = {});

/// A datagram of `recv_batch` and `send_batch`.
using datagram = basic_datagram<endpoint>;
/// The memory of `recv_batch`.
using datagram_buffer = basic_datagram_buffer<endpoint>;

/// A datagram socket within this host: nothing is lost or changes its order, and who sends faster than the receiver
/// receives, waits. See `basic_datagram_socket` for receiving and sending. To a receiver that is full, a socket that is
/// not connected tries again every 1 to 50 ms, as the system does not tell when there is room.
class STRAIT_API socket : public basic_datagram_socket<endpoint> {
 public:
  /// Closed.
  socket() noexcept = default;
  /// Takes over a datagram socket, which is made non-blocking. Its file, if it has one, is not removed in the end.
  /// Throws `error`; the descriptor then stays the caller's.
  explicit socket(int descriptor);

 private:
  friend socket bind(endpoint const& where, bind_options options);
};

/// Receives at `where`; at the unnamed endpoint, the system chooses an abstract name (Linux), by which receivers can
/// answer. Throws `error`, whose text begins "bind /run/service.sock".
[[nodiscard]] STRAIT_API socket bind(endpoint const& where, bind_options options = {});
/// The same for "/run/service.sock" or "@abstract-name".
[[nodiscard]] STRAIT_API socket bind(std::string_view where, bind_options options = {});

/// Two datagram sockets that are connected with each other.
[[nodiscard]] STRAIT_API std::pair<socket, socket> socket_pair();

}  // namespace local

template <>
STRAIT_API local::stream detail::accept_awaiter_for<local::stream>::await_resume();

}  // namespace strait
