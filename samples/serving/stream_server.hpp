// run_stream_server: what the stream servers of the samples have in common, from listening to an orderly end.
#pragma once

#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "options/server_options.hpp"
#include "serving/log.hpp"
#include "strait/base/hook.hpp"
#include "strait/net/tcp.hpp"
#include "strait/server/serve_on_threads.hpp"
#include "strait/server/serve_options.hpp"

namespace samples {

/// A listener for each thread, where `options` say, or those that a service manager has passed on. Says where on
/// standard output.
[[nodiscard]] std::vector<strait::tcp::listener> listen(server_options const& options);

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
  try {
    auto rules = limits(options);
    rules.on_drain = on_drain;
    auto const done = strait::serve_on_threads(listen(options), std::move(handler), rules);
    if (done.accepted != 0) log(options, "{}", done);
    return 0;
  } catch (std::exception const& e) {
    fmt::print(stderr, "{}: {}\n", program, e.what());
    return 1;
  }
}

}  // namespace samples
