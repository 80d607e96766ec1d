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

/// The credentials of a process at the time when it connected.
struct credentials {
  /// The process ID. Linux only; empty if the peer is outside this process's PID namespace and its descendants.
  std::optional<int> pid;
  unsigned uid;  ///< the effective user ID
  unsigned gid;  ///< the effective group ID
};

/// Options of `listen`.
struct listen_options {
  /// The maximum number of connections that wait to be accepted. The system may impose a lower limit
  /// (net.core.somaxconn).
  int backlog = 4096;
  /// The permissions of the socket's file, as for chmod, for example 0660: connecting requires write permission. -1:
  /// 0777 less the umask. On Linux the file has these permissions from its creation, whatever the umask.
  int permissions = -1;
};

/// Options of `bind`.
struct bind_options {
  /// The permissions of the socket's file, as for chmod, for example 0660: sending requires write permission. -1: 0777
  /// less the umask. On Linux the file has these permissions from its creation, whatever the umask.
  int permissions = -1;
};

/// Options of `connect`.
struct connect_options {
  /// How long to wait while the listener's backlog is full. Zero: no limit.
  std::chrono::milliseconds timeout{30'000};
};

/// One end of a connection within this host.
class STRAIT_API stream : public socket_stream {
 public:
  /// Not connected.
  stream() noexcept = default;
  /// Takes ownership of a connected socket and makes it non-blocking. Throws `error`; the caller then still owns the
  /// descriptor.
  explicit stream(int descriptor);

  /// The credentials of the peer, as recorded by the kernel, so the peer cannot forge them. Throws `error` if the
  /// stream is closed.
  [[nodiscard]] credentials peer_credentials() const;

  /// The address of this end. Throws `error` if the stream is closed.
  [[nodiscard]] endpoint local_endpoint() const;
  /// The address of the peer. Most clients are unnamed. Throws `error` if the stream is closed.
  [[nodiscard]] endpoint remote_endpoint() const;

 private:
  friend class detail::local_stream_socket;
  using socket_stream::socket_stream;
};

/// Creates two streams that are connected to each other. Throws `error`.
[[nodiscard]] STRAIT_API std::pair<stream, stream> stream_pair();

/// Accepts connections. Move-only; the destructor closes it and removes its file.
class STRAIT_API listener : public socket_listener {
 public:
  /// Closed: `accept` fails with `errc::closed`.
  listener() noexcept = default;
  /// Takes ownership of a listening socket and makes it non-blocking. The file of an adopted socket is not removed when
  /// the listener is closed. Throws `error`; the caller then still owns the descriptor.
  explicit listener(int descriptor);

  /// Accepts the next connection. When file descriptors or memory are exhausted, it retries after 5 ms, then at
  /// intervals that grow to 100 ms, until it succeeds or is canceled; meanwhile, connections wait in the backlog.
  [[nodiscard]] accept_operation<stream> accept() noexcept { return accept_operation<stream>(socket_); }

  /// The endpoint that it listens on. May be called from any thread while the listener exists.
  [[nodiscard]] endpoint local_endpoint() const;

 private:
  friend listener listen(endpoint const& where, listen_options options);
  using socket_listener::socket_listener;
};

/// Listens at `where`. For the unnamed endpoint, the kernel chooses an abstract name (Linux). Throws `error`, whose
/// text begins "listen on /run/service.sock".
[[nodiscard]] STRAIT_API listener listen(endpoint const& where, listen_options options = {});
/// The same for "/run/service.sock" or "@abstract-name".
[[nodiscard]] STRAIT_API listener listen(std::string_view where, listen_options options = {});

/// Connects to a listener. Throws `error`; `timed_out` when `options.timeout` expires.
[[nodiscard]] STRAIT_API task<stream> connect(endpoint const& to, connect_options options = {});
/// The same for "/run/service.sock" or "@abstract-name".
[[nodiscard]] STRAIT_API task<stream> connect(std::string_view to, connect_options options = {});

/// A datagram of a batch.
using datagram = basic_datagram<endpoint>;
/// The buffer of `recv_batch`.
using datagram_buffer = basic_datagram_buffer<endpoint>;

/// A datagram socket within this host. No datagram is lost or reordered; a sender that is faster than the receiver
/// waits. See `basic_datagram_socket` for receiving and sending. When the receiver's queue is full, an unconnected
/// socket retries every 1 to 50 ms, because the kernel does not report when there is room.
class STRAIT_API socket : public basic_datagram_socket<endpoint> {
 public:
  /// Closed.
  socket() noexcept = default;
  /// Takes ownership of a datagram socket and makes it non-blocking. The file of an adopted socket is not removed when
  /// the socket is closed. Throws `error`; the caller then still owns the descriptor.
  explicit socket(int descriptor);

 private:
  friend socket bind(endpoint const& where, bind_options options);
};

/// Binds a socket to `where`. For the unnamed endpoint, the kernel chooses an abstract name (Linux), to which receivers
/// can reply. Throws `error`, whose text begins "bind /run/service.sock".
[[nodiscard]] STRAIT_API socket bind(endpoint const& where, bind_options options = {});
/// The same for "/run/service.sock" or "@abstract-name".
[[nodiscard]] STRAIT_API socket bind(std::string_view where, bind_options options = {});

/// Creates two datagram sockets that are connected to each other. Throws `error`.
[[nodiscard]] STRAIT_API std::pair<socket, socket> socket_pair();

}  // namespace local

template <>
STRAIT_API local::stream detail::accept_awaiter_for<local::stream>::await_resume();

}  // namespace strait
