// server: what the accept loops of one server have in common, on one loop or on several.
#pragma once

#include <memory>
#include <new>
#include <utility>

#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/server/detail/handlers.hpp"
#include "strait/server/serve_options.hpp"
#include "strait/server/server_statistics.hpp"

namespace strait {

/// Limits that hold for all of its loops together, counters that are summed, and an end for all. `serve` makes one of
/// its own; make one yourself to serve on several loops, to read the counters while it runs, or to end it:
///
///     server web({.max_connections = 10'000});
///     co_await web.serve(tcp::listen("0.0.0.0:80"), handler);      // on any number of loops
///     web.statistics().active;                                     // from any thread
///
/// It must outlive what it serves.
class STRAIT_API server {
 public:
  /// Serves nothing yet.
  explicit server(serve_options const& options = {});
  server(server const&) = delete;
  server& operator=(server const&) = delete;
  ~server();

  /// See `strait::serve`. Gives the statistics of this call alone.
  template <class Listeners, class Handler>
  task<server_statistics> serve(Listeners listeners, Handler handler);

  /// Has every `serve` end as a cancel would, now or when it begins. **From any thread**.
  void stop() noexcept;
  /// `stop` was called.
  [[nodiscard]] bool is_stopping() const noexcept;
  /// The sum over all loops, those included that have ended. **From any thread**.
  [[nodiscard]] server_statistics statistics() const;

 private:
  std::unique_ptr<detail::server_core> core_;
};

template <class Listeners, class Handler>
task<server_statistics> server::serve(Listeners listeners, Handler handler) {
  detail::check_handler<Listeners, Handler>();
  detail::serving here(*core_, co_await detail::this_branch{});

  auto const body = [&](task_group& connections) -> task<> {
    auto const accept = [&](auto& each) { return detail::accept_from(here, each, handler, connections); };
    auto const accept_the_rest = [&](auto& each) {
      return detail::accept_what_waits(here, each, handler, connections);
    };
    task<> draining = here.drain();  // made now: at the end there might be no memory for it
    co_await here.run_until_stopped(detail::for_all_listeners(listeners, accept));
    // A cancel of the server has done its work. (Not a `shield`, for which there might be no memory.)
    detail::scope ending;
    detail::scoped_entry const entry(co_await detail::this_branch{}, ending, true);
    constexpr int most_tries = 100;
    for (int i = 0; i != most_tries; ++i) {
      try {
        co_await detail::for_all_listeners(listeners, accept_the_rest);
        break;
      } catch (std::exception const&) {
        here.lacks_memory();
      }
      co_await sleep_for(detail::lack_of_memory);
    }
    detail::for_each_listener(listeners, [](auto& each) { each.close(); });
    co_await std::move(draining);
  };
  auto const nothing_escapes = [](std::exception_ptr) {};  // each connection has reported its own failure
  co_await with_task_group(nothing_escapes, body);
  co_return here.finish();
}

/// Accepts connections, and runs `handler` for each, until it is canceled: a signal does that, in a `run_main`. Then it
/// accepts no more, but for those who have connected already; gives those who are there `drain` to finish; cancels who
/// has not; and, when all have ended, gives its statistics. What it has thrown away the clients have not sent.
///
///     int main() {
///       return run_main([] { return serve(tcp::listen("localhost:5000"), echo, {.max_connections = 10'000}); });
///     }
///
/// `listeners` is one of `tcp::listener` and `local::listener`, a vector of one kind, or a tuple of several. `handler`
/// is any callable that makes a task, of
///
/// - a stream by reference, `task<> (tcp::stream& peer)`: the stream is closed when the task has ended, and so that the
///   last reply is not lost, whatever the peer is sending;
/// - a stream by value, `task<> (tcp::stream peer)`: to be closed as the task sees fit;
/// - a reader and a writer, `task<> (buffered_reader<tcp::stream>& in, buffered_writer<tcp::stream>& out)`, which are
///   tied: what is written is sent before the reader waits, and when the task has ended.
///
/// It is called on this loop's thread, and kept until the end. What it throws ends that connection, is reported, and
/// concerns nobody else; so does want of memory. Accepting goes on through all that can be hoped to pass: see `accept`.
/// What cannot, ends the server as a cancel does, and is then thrown.
template <class Listeners, class Handler>
  requires detail::listeners<Listeners>
task<server_statistics> serve(Listeners listeners, Handler handler, serve_options options = {}) {
  server one(options);
  co_return co_await one.serve(std::move(listeners), std::move(handler));
}

}  // namespace strait
