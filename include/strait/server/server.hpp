// server: a stream server on one or several loops.
#pragma once

#include <utility>

#include "strait/base/detail/owned.hpp"
#include "strait/base/export.hpp"
#include "strait/core/run.hpp"
#include "strait/core/task.hpp"
#include "strait/server/detail/handlers.hpp"
#include "strait/server/serve_options.hpp"
#include "strait/server/server_statistics.hpp"

namespace strait {
namespace detail {

class server_core;

extern template STRAIT_API int run_for_status(task<server_statistics> (*make)(void* context), void* context) noexcept;

}  // namespace detail

/// A stream server: limits that apply to all of its loops together, counters that are summed, and one `stop` for all.
/// The function `serve` creates one of its own. Create one yourself to serve on several loops, to read the counters
/// while it runs, or to stop it:
///
///     server web({.max_connections = 10'000});
///     co_await web.serve(tcp::listen("0.0.0.0:80"), handler);      // on any number of loops
///     web.statistics().active;                                     // from any thread
///
/// It must outlive the tasks that its `serve` returns.
class STRAIT_API server {
 public:
  /// Creates a server that serves nothing yet. Copies the options.
  explicit server(serve_options const& options = {});
  /// Not copyable.
  server(server const&) = delete;
  /// Not copyable.
  server& operator=(server const&) = delete;
  /// All `serve` tasks must have ended.
  ~server();

  /// Serves on the current loop; see `strait::serve`. Returns the statistics of this call alone.
  template <class Listeners, class Handler>
  task<server_statistics> serve(Listeners listeners, Handler handler);

  /// Ends every `serve`, current or future, as cancellation does. **May be called from any thread**.
  void stop() noexcept;
  /// Whether `stop` has been called. **May be called from any thread**.
  [[nodiscard]] bool is_stopping() const noexcept;
  /// The sum over all loops, including those that have ended. **May be called from any thread**.
  [[nodiscard]] server_statistics statistics() const;

 private:
  friend class detail::service;
  detail::owned<detail::server_core> core_;
};

template <class Listeners, class Handler>
task<server_statistics> server::serve(Listeners listeners, Handler handler) {
  detail::service one(listeners, handler);
  co_return co_await one.run(*this);
}

/// Accepts connections and runs `handler` for each, until it is canceled; in `run_main`, SIGINT or SIGTERM does that.
/// It then stops accepting, lets running handlers continue for `drain`, cancels those that have not ended, and returns
/// its statistics when all have. Connections that were already waiting in the backlog are still accepted and served, as
/// far as `max_connections` allows, so a client whose handshake completed is not reset.
///
///     int main() {
///       return run_main([] { return serve(tcp::listen("localhost:5000"), echo, {.max_connections = 10'000}); });
///     }
///
/// `listeners` is a `tcp::listener` or a `local::listener`, a vector of one kind, or a tuple of several. `handler` is
/// any callable that returns a task and takes
///
/// - a stream by reference, `task<> (tcp::stream& peer)`: when the task has ended, the stream is closed in a way that
///   does not lose the last reply, even if the peer is still sending;
/// - a stream by value, `task<> (tcp::stream peer)`: the handler decides when to close it;
/// - a reader and a writer, `task<> (buffered_reader<tcp::stream>& in, buffered_writer<tcp::stream>& out)`, which are
///   tied: output is sent before the reader waits, and when the task has ended.
///
/// The handler is called on the thread of this loop, and is kept until `serve` ends. An exception ends that connection
/// only and is reported; the same holds when memory runs out. Temporary failures of accepting are retried: see
/// `accept`. A permanent failure ends the server as cancellation does, and is then thrown.
template <class Listeners, class Handler>
  requires detail::listeners<Listeners>
task<server_statistics> serve(Listeners listeners, Handler handler, serve_options options = {}) {
  server with(options);
  detail::service one(listeners, handler);
  co_return co_await one.run(with);
}

/// The same for a function template, which a parameter of any type could not receive.
template <class Listener>
  requires detail::is_listener<Listener>
task<server_statistics> serve(Listener listener, task<> (*handler)(detail::stream_of<Listener>&),
                              serve_options options = {}) {
  return serve<Listener, decltype(handler)>(std::move(listener), handler, std::move(options));
}
/// The same for a function template that takes a reader and a writer.
template <class Listener>
  requires detail::is_listener<Listener>
task<server_statistics> serve(Listener listener,
                              task<> (*handler)(buffered_reader<detail::stream_of<Listener>>&,
                                                buffered_writer<detail::stream_of<Listener>>&),
                              serve_options options = {}) {
  return serve<Listener, decltype(handler)>(std::move(listener), handler, std::move(options));
}

}  // namespace strait
