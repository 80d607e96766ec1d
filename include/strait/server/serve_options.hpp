// serve_options: what a server allows its clients, and whom it tells what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

#include "strait/base/chrono.hpp"
#include "strait/base/export.hpp"
#include "strait/base/fmt.hpp"
#include "strait/base/hook.hpp"
#include "strait/server/peer.hpp"

namespace strait {

/// What becomes of connections beyond `max_connections`.
enum class overload : unsigned char {
  wait,   ///< they are not accepted until there is room; the system holds as many as the listener's backlog
  reject  ///< they are accepted and closed at once
};

/// Something that a server tells of one connection, or of itself. Printable with fmt, as one line for a log.
struct STRAIT_API server_event {
  /// Kinds of events.
  enum class kind : unsigned char {
    accepted,   ///< a handler begins
    rejected,   ///< closed at once: there are too many, or `on_connect` has said no
    served,     ///< the handler has ended
    failed,     ///< the handler has thrown `failure`
    timed_out,  ///< a limit of time or rate has ended it; `failure` says which
    aborted,    ///< its handler had not ended when `drain` expired, and was canceled
    draining,   ///< the server accepts no more; `connections` are there
    drained     ///< the last one has ended
  };

  /// What happened.
  kind type;
  strait::peer const* peer = nullptr;    ///< of events of a connection
  std::uint64_t bytes_received = 0;      ///< by this connection
  std::uint64_t bytes_sent = 0;          ///< by this connection
  std::chrono::nanoseconds duration{0};  ///< since it was accepted; of `drained`, since `draining`
  std::size_t connections = 0;           ///< how many are there now, on the loop that this happens on
  std::exception_ptr failure = {};       ///< of `failed` and `timed_out`
  char const* reason = nullptr;          ///< of `rejected`

  /// "127.0.0.1:41230 failed after 2.1 s, 512 bytes received, 64 sent: read from …: connection reset by peer"
  [[nodiscard]] std::string to_string() const;
};

/// A limit that is zero does not exist. Every member may be left out: `{.max_connections = 1000, .idle_timeout = 30s}`.
/// Hooks are called on the thread of the loop that the connection belongs to; what they throw goes to standard error.
struct serve_options {
  /// Connections at a time, on all loops of a server; zero: as many as the process may have descriptors.
  std::size_t max_connections = 0;
  /// What happens to connections beyond `max_connections`.
  overload when_full = overload::wait;
  /// Connections at a time from one IPv4 address, one IPv6 /64 network, or one process of this host; any more are
  /// closed at once. Processes that the kernel does not name, since they are of another PID namespace, are counted by
  /// user.
  std::size_t max_connections_per_peer = 0;

  /// A read or write during which nothing moves in either direction for so long ends with `timed_out`. Here and in the
  /// next two, only the time in which an operation waits counts, not that in which the handler computes.
  std::chrono::nanoseconds idle_timeout{0};
  /// A write during which the peer takes nothing for so long ends with `timed_out`.
  std::chrono::nanoseconds write_timeout{0};
  /// In bytes a second: a peer that sends less, on average over `receive_rate_window` of waiting for it, is given up.
  /// See `socket_stream::minimum_receive_rate`.
  std::uint64_t minimum_receive_rate = 0;
  /// The time over which `minimum_receive_rate` is averaged.
  std::chrono::nanoseconds receive_rate_window = std::chrono::seconds(5);
  /// A handler that has not ended after so long, counted from the beginning of the connection and with the time in
  /// which it computes, is canceled.
  std::chrono::nanoseconds connection_timeout{0};

  /// How long handlers may go on when the server is to end; then they are canceled. Zero: at once.
  std::chrono::nanoseconds drain = std::chrono::seconds(5);
  /// How long to wait for the peer's end of stream after a handler that takes its stream by reference has ended or
  /// thrown, so that the last reply is not lost (see `lingering_close`). Also the limit for sending what a handler
  /// printed before it threw. Zero, and after a time-out: no wait.
  std::chrono::nanoseconds linger = std::chrono::seconds(2);

  /// Whether to serve who has just connected. It must not wait.
  hook<bool(peer const&)> on_connect = {};
  /// A handler has thrown, or a limit has ended it. Without this hook it is a line on standard error.
  hook<void(peer const&, std::exception_ptr)> on_error = {};
  /// For handlers that wait for something other than their time being up: the server accepts no more, and they should
  /// come to an end. Once on each loop.
  hook<void()> on_drain = {};
  /// For a log: everything that happens.
  hook<void(server_event const&)> on_event = {};
};

}  // namespace strait

/// Takes the format specifications of strings.
template <>
struct STRAIT_API fmt::formatter<strait::server_event> : fmt::formatter<fmt::string_view> {
  auto format(strait::server_event const& what, fmt::format_context& context) const -> fmt::format_context::iterator;
};
