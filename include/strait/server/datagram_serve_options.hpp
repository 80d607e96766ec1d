// The options of a datagram server: limits and hooks.
#pragma once

#include <cstddef>
#include <exception>

#include "strait/base/chrono.hpp"
#include "strait/base/hook.hpp"
#include "strait/server/datagram_request.hpp"

namespace strait {

/// Options of a datagram server. Every member may be omitted: `{.max_handlers = 1000, .handler_timeout = 2s}`. Hooks
/// are called on the thread of the loop that received the datagram; what they throw is printed to standard error.
template <class Endpoint>
struct basic_datagram_serve_options {
  /// The maximum number of concurrent handlers of each `serve`; zero means 1. While that many handlers wait, datagrams
  /// queue in the kernel's buffer (see `receive_buffer_size`), which drops those that do not fit.
  std::size_t max_handlers = 64;
  /// The maximum size of a datagram in bytes. Longer datagrams are truncated and marked as such. Each running handler
  /// has a buffer of this size.
  std::size_t max_datagram_size = 2048;
  /// A handler that has not ended this long after it first had to wait is canceled. Zero: no limit.
  std::chrono::nanoseconds handler_timeout{0};
  /// How long handlers may continue when the server shuts down; then they are canceled. Zero: they are canceled at
  /// once.
  std::chrono::nanoseconds drain = std::chrono::seconds(5);

  /// Called for each received datagram; if it returns false, the datagram is rejected. Use it for rate limits. It must
  /// not block.
  hook<bool(basic_datagram_request<Endpoint> const&)> on_datagram = {};
  /// Called when a handler has thrown or its time limit has expired. Without this hook, the error is printed to
  /// standard error as one line.
  hook<void(basic_datagram_request<Endpoint> const&, std::exception_ptr)> on_error = {};
  /// Called once for each `serve` when the server stops receiving. Use it to end handlers that wait for something other
  /// than their own time limit.
  hook<void()> on_drain = {};
};

namespace udp {

/// The options of `udp` servers.
using serve_options = basic_datagram_serve_options<endpoint>;

}  // namespace udp

namespace local {

/// The options of `local` datagram servers.
using serve_options = basic_datagram_serve_options<endpoint>;

}  // namespace local
}  // namespace strait
