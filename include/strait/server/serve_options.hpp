// serve_options: the options of a server: limits and hooks.
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

/// What happens to connections beyond `max_connections`.
enum class overload : unsigned char {
  wait,   ///< they are not accepted until a connection ends; the kernel holds as many as the listener's backlog allows
  reject  ///< they are accepted and closed at once
};

/// An event of a connection or of a server, for logging. Printable with fmt, as one line.
struct STRAIT_API server_event {
  /// The types of events.
  enum class kind : unsigned char {
    accepted,   ///< the handler starts
    rejected,   ///< closed at once: over a limit, or `on_connect` returned false or threw; `reason` states which
    served,     ///< the handler returned
    failed,     ///< the handler threw `failure`
    timed_out,  ///< a time or rate limit ended it; `failure` states which
    aborted,    ///< its handler had not ended when `drain` expired, and was canceled
    draining,   ///< the server accepts no more; `connections` are still open
    drained     ///< the last connection has ended
  };

  kind type;                             ///< what happened
  strait::peer const* peer = nullptr;    ///< the peer of the connection; null for `draining` and `drained`
  std::uint64_t bytes_received = 0;      ///< on this connection
  std::uint64_t bytes_sent = 0;          ///< on this connection
  std::chrono::nanoseconds duration{0};  ///< since the connection was accepted; for `drained`, since `draining`
  std::size_t connections = 0;           ///< the number of open connections on this loop
  std::exception_ptr failure = {};       ///< for `failed` and `timed_out`
  char const* reason = nullptr;          ///< for `rejected`

  /// The event as one line: "127.0.0.1:41230 failed after 2.1 s, 512 bytes received, 64 sent: read from …: connection
  /// reset by peer".
  [[nodiscard]] std::string to_string() const;
};

/// Options of a server. Every member may be omitted: `{.max_connections = 1000, .idle_timeout = 30s}`. Except for
/// `drain` and `linger`, zero means no limit. Hooks are called on the thread of the loop that the connection belongs
/// to; what they throw is printed to standard error.
struct serve_options {
  /// The maximum number of connections, over all loops of a server. Zero: as many as the process may have file
  /// descriptors.
  std::size_t max_connections = 0;
  /// What happens to connections beyond `max_connections`.
  overload when_full = overload::wait;
  /// The maximum number of connections from one IPv4 address, one IPv6 /64 network, or one process of this host.
  /// Further ones are closed at once. Processes that the kernel does not identify, because they are in another PID
  /// namespace, are counted by user.
  std::size_t max_connections_per_peer = 0;

  /// A read or write ends with `timed_out` if no data moves in either direction for this long. For this limit and the
  /// next two, only time during which an operation waits is counted, not time in which the handler computes.
  std::chrono::nanoseconds idle_timeout{0};
  /// A write ends with `timed_out` if the peer accepts no data for this long.
  std::chrono::nanoseconds write_timeout{0};
  /// In bytes per second: a read ends with `timed_out` if the peer sends less than this, averaged over
  /// `receive_rate_window`. See `socket_stream::minimum_receive_rate`.
  std::uint64_t minimum_receive_rate = 0;
  /// The time over which `minimum_receive_rate` is averaged.
  std::chrono::nanoseconds receive_rate_window = std::chrono::seconds(5);
  /// A handler that has not ended this long after its connection was accepted is canceled. All time counts, including
  /// time in which the handler computes.
  std::chrono::nanoseconds connection_timeout{0};

  /// How long handlers may continue when the server shuts down; then they are canceled. Zero: they are canceled at
  /// once.
  std::chrono::nanoseconds drain = std::chrono::seconds(5);
  /// How long to wait for the peer's end of stream after a handler that takes its stream by reference has returned or
  /// thrown, so that the last reply is not lost (see `lingering_close`). Also the time limit for sending the output of
  /// a handler that threw. Zero, or after a time-out: the stream is closed at once.
  std::chrono::nanoseconds linger = std::chrono::seconds(2);

  /// Called for each accepted connection; if it returns false, the connection is rejected. It must not block.
  hook<bool(peer const&)> on_connect = {};
  /// Called when a handler has thrown or a limit has ended it. Without this hook, the error is printed to standard
  /// error as one line.
  hook<void(peer const&, std::exception_ptr)> on_error = {};
  /// Called once on each loop when the server stops accepting. Use it to end handlers that wait for something other
  /// than their own time limit.
  hook<void()> on_drain = {};
  /// Called for every event, for logging.
  hook<void(server_event const&)> on_event = {};
};

}  // namespace strait

/// Formats the event as `to_string` does. Accepts the format specifications of strings.
template <>
struct STRAIT_API fmt::formatter<strait::server_event> : fmt::formatter<fmt::string_view> {
  auto format(strait::server_event const& what, fmt::format_context& context) const -> fmt::format_context::iterator;
};
