// run_stream_server: the main program of the samples' stream servers, from listening to graceful shutdown.
#pragma once

#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "options/server_options.hpp"
#include "serving/log.hpp"
#include "strait/base/hook.hpp"
#include "strait/core/run.hpp"
#include "strait/net/tcp.hpp"
#include "strait/server/serve_options.hpp"
#include "strait/server/server.hpp"

namespace samples {

/// Returns a listener for each thread, on the address in `options` or on the socket inherited from a service manager.
[[nodiscard]] std::vector<strait::tcp::listener> listen(server_options const& options);
/// Prints the listening address to standard output. Call it when signals are already handled: a caller that has read
/// the line may send one.
void print_address(std::vector<strait::tcp::listener> const& listeners);

/// Converts the connection limits in `options`, and logs connection events to standard error.
[[nodiscard]] strait::serve_options to_serve_options(server_options const& options);

/// Listens on the address in `options`, prints it, and runs `handler(client)` concurrently for each client until SIGINT
/// or SIGTERM is received. Then it calls `on_drain` once on each thread, and open connections may continue for --drain.
/// Returns the exit status of the program. `program` is its name in error messages.
///
/// An exception from a handler is logged and ends that connection only. A handler that still runs at the end of the
/// drain period is canceled: its next await throws `canceled`. With --threads, handlers run on several threads in
/// parallel, but each handler stays on one thread.
///
///     task<> echo(tcp::stream& client);
///     int main(…) { return samples::run_stream_server("echo_server", options, echo); }
template <class Handler>
[[nodiscard]] int run_stream_server(char const* program, server_options const& options, Handler handler,
                                    strait::hook<void()> on_drain = {}) {
  std::signal(SIGPIPE, SIG_IGN);  // if the reader of the log exits, the server must continue
  try {
    auto rules = to_serve_options(options);
    rules.on_drain = on_drain;
    auto listeners = listen(options);
    strait::server all(rules);
    strait::run_until_signal(options.threads, [&](unsigned thread) {
      if (thread == 0) print_address(listeners);
      return all.serve(std::move(listeners[thread]), std::ref(handler));
    });
    auto const done = all.statistics();
    if (done.accepted != 0) log(options, "{}", done);
    return 0;
  } catch (std::exception const& e) {
    fmt::print(stderr, "{}: {}\n", program, e.what());
    return 1;
  }
}

}  // namespace samples
