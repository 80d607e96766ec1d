// serve_on_threads: a server on several threads.
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

/// Runs `serve` for each of `listeners` (as returned by `tcp::listen_shared`) on a loop and a thread of its own, one of
/// them the calling thread. Returns the sum of the statistics when SIGINT or SIGTERM has arrived and all loops have
/// drained; a second signal ends the process at once: see `run_until_signal`. If one fails, the others drain, and its
/// exception is thrown. The limits in `options` apply to all threads together. `handler` and the hooks are called on
/// all threads concurrently, but each connection stays on one thread.
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
/// The same on `threads` threads, with listeners that it creates at `where`.
template <class Handler>
server_statistics serve_on_threads(std::size_t threads, endpoint const& where, Handler handler,
                                   serve_options const& options = {}) {
  return serve_on_threads(tcp::listen_shared(where, threads), std::move(handler), options);
}
template <class Handler>
/// The same for "127.0.0.1:5000", "[::1]:5000" or "localhost:5000".
server_statistics serve_on_threads(std::size_t threads, std::string_view where, Handler handler,
                                   serve_options const& options = {}) {
  return serve_on_threads(tcp::listen_shared(where, threads), std::move(handler), options);
}

}  // namespace strait
