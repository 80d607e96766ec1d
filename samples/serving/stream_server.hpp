// run_stream_server: what the stream servers of the samples have in common, from listening to an orderly end.
#pragma once

#include <type_traits>

#include "options/server_options.hpp"
#include "strait/core/task.hpp"
#include "strait/net/tcp.hpp"

namespace samples {
namespace detail {

using stream_handler = strait::task<> (*)(void* context, strait::tcp::stream& client);
int run_stream_server(char const* program, server_options const& options, stream_handler handle, void* context);

}  // namespace detail

/// Listens as `options` say, prints where, and awaits `handler(client)` for each client, any number of them at a time,
/// until SIGINT or SIGTERM comes; those who are connected then have --drain to finish. Gives the exit status of the
/// program, whose name is for messages.
///
/// A client is disconnected when its handler has ended. What a handler throws is a line in the log, and ends that
/// connection only; `canceled` is how it learns that the time to finish is over. With --threads, handlers run on
/// several threads at once, each from beginning to end on one.
///
///     task<> echo(tcp::stream& client);
///     int main(…) { return samples::run_stream_server("echo_server", options, echo); }
template <class Handler>
  requires std::is_invocable_r_v<strait::task<>, Handler&, strait::tcp::stream&>
[[nodiscard]] int run_stream_server(char const* program, server_options const& options, Handler handler) {
  auto const handle = [](void* context, strait::tcp::stream& client) {
    return (*static_cast<Handler*>(context))(client);
  };
  return detail::run_stream_server(program, options, handle, &handler);
}

}  // namespace samples
