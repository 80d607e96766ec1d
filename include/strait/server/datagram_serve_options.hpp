// What a datagram server allows its clients, and whom it tells what.
#pragma once

#include <cstddef>
#include <exception>

#include "strait/base/chrono.hpp"
#include "strait/base/hook.hpp"
#include "strait/server/datagram_request.hpp"

namespace strait {

/// Every member may be left out: `{.max_handlers = 1000, .handler_timeout = 2s}`. Hooks are called on the thread of the
/// loop that the datagram has come to; what they throw goes to standard error.
template <class Endpoint>
struct basic_datagram_serve_options {
  /// Handlers at a time, of each `serve`; zero is taken for 1. When so many wait for something, datagrams wait in the
  /// system's buffer (see `receive_buffer_size`), which drops what does not fit.
  std::size_t max_handlers = 64;
  /// In bytes: what is longer is cut off there, and flagged. Each handler that is at work has so much memory.
  std::size_t max_datagram_size = 2048;
  /// A handler that still waits so long after it has first had to wait is canceled. Zero: there is no limit.
  std::chrono::nanoseconds handler_timeout{0};
  /// How long handlers may go on when the server is to end; then they are canceled. Zero: at once.
  std::chrono::nanoseconds drain = std::chrono::seconds(5);

  /// Whether to serve a datagram that has just come: a place for rate limits. It must not wait.
  hook<bool(basic_datagram_request<Endpoint> const&)> on_datagram = {};
  /// A handler has thrown, or a limit of time has ended it. Without this hook it is a line on standard error.
  hook<void(basic_datagram_request<Endpoint> const&, std::exception_ptr)> on_error = {};
  /// For handlers that wait for something other than their time being up: the server receives no more, and they should
  /// come to an end. Once for each `serve`.
  hook<void()> on_drain = {};
};

namespace udp {

/// Options of a UDP server.
using serve_options = basic_datagram_serve_options<endpoint>;

}  // namespace udp

namespace local {

/// Options of a server of datagrams within the host.
using serve_options = basic_datagram_serve_options<endpoint>;

}  // namespace local
}  // namespace strait
