// run_stream_server: what the stream servers of the samples have in common, from listening to an orderly end.
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

/// A listener for each thread, where `options` say, or those that a service manager has passed on.
[[nodiscard]] std::vector<strait::tcp::listener> listen(server_options const& options);
/// Says on standard output where they listen. From then on people send signals: so these must be watched.
void announce(std::vector<strait::tcp::listener> const& listeners);

/// What `options` say of connections, with a log of these on standard error.
[[nodiscard]] strait::serve_options limits(server_options const& options);

/// Listens as `options` say, prints where, and awaits `handler(client)` for each client, any number of them at a time,
/// until SIGINT or SIGTERM comes; then it calls `on_drain`, once for each thread, and those who are connected have
/// --drain to finish. Gives the exit status of the program, whose name is for messages.
///
/// What a handler throws is a line in the log, and ends that connection only; `canceled` is how it learns that the time
/// to finish is over. With --threads, handlers run on several threads at once, each from beginning to end on one.
///
///     task<> echo(tcp::stream& client);
///     int main(…) { return samples::run_stream_server("echo_server", options, echo); }
template <class Handler>
[[nodiscard]] int run_stream_server(char const* program, server_options const& options, Handler handler,
                                    strait::hook<void()> on_drain = {}) {
  std::signal(SIGPIPE, SIG_IGN);  // a log that is not read any more must not end the server
  try {
    auto rules = limits(options);
    rules.on_drain = on_drain;
    auto listeners = listen(options);
    strait::server all(rules);
    strait::run_until_signal(options.threads, [&](unsigned thread) {
      if (thread == 0) announce(listeners);
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
