// serve_on_threads: a server on all processors.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "strait/core/run.hpp"
#include "strait/net/endpoint.hpp"
#include "strait/net/tcp.hpp"
#include "strait/server/detail/handler_reference.hpp"
#include "strait/server/server.hpp"

namespace strait {

/// `serve` on a loop for each of `listeners` (as `tcp::listen_shared` makes them), each on a thread of its own, the
/// calling one included. Returns when SIGINT or SIGTERM has come and all have drained, with the sum of their
/// statistics; a second signal ends the process at once: see `run_until_signal`. If one fails, the others drain, and
/// its exception is thrown. The limits in `options` hold for all threads together. `handler` and the hooks are called
/// on all of them, at the same time, but each connection stays on its thread.
///
///     int main() { fmt::print("{}\n", serve_on_threads(4, "0.0.0.0:5000", echo, {.max_connections = 100'000})); }
template <class Handler>
server_statistics serve_on_threads(std::vector<tcp::listener> listeners, Handler handler,
                                   serve_options const& options = {}) {
  server all(options);
  run_until_signal(static_cast<unsigned>(listeners.size()), [&](unsigned thread) {
    return all.serve(std::move(listeners[thread]), detail::handler_reference(handler));
  });
  return all.statistics();
}
/// The same on `threads` threads with listeners of its own.
template <class Handler>
server_statistics serve_on_threads(std::size_t threads, endpoint const& where, Handler handler,
                                   serve_options const& options = {}) {
  return serve_on_threads(tcp::listen_shared(where, threads), std::move(handler), options);
}
template <class Handler>
server_statistics serve_on_threads(std::size_t threads, std::string_view where, Handler handler,
                                   serve_options const& options = {}) {
  return serve_on_threads(tcp::listen_shared(where, threads), std::move(handler), options);
}

}  // namespace strait
