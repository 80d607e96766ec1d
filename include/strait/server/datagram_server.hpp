// A datagram server for one or several sockets, on one or several loops.
#pragma once

#include <utility>
#include <vector>

#include "strait/base/detail/owned.hpp"
#include "strait/base/export.hpp"
#include "strait/core/run.hpp"
#include "strait/core/task.hpp"
#include "strait/net/local.hpp"
#include "strait/net/udp.hpp"
#include "strait/server/datagram_serve_options.hpp"
#include "strait/server/datagram_statistics.hpp"
#include "strait/server/detail/datagram_service.hpp"
#include "strait/server/detail/handler_reference.hpp"

namespace strait {

/// A datagram server, as `udp::server` and `local::server`: options that apply to all of its sockets, counters that are
/// summed, and one `stop` for all. The function `serve` creates one of its own. Create one yourself to serve several
/// sockets, on one or several loops, to read the counters while it runs, or to stop it:
///
///     udp::server names({.handler_timeout = 2s});
///     co_await names.serve(udp::bind("0.0.0.0:53"), answer);       // any number of sockets
///     names.statistics().active;                                   // from any thread
///
/// It must outlive the tasks that its `serve` returns.
template <class Endpoint>
class basic_datagram_server {
 public:
  /// The type of options.
  using options = basic_datagram_serve_options<Endpoint>;

  /// Creates a server that serves nothing yet. Copies the options.
  explicit basic_datagram_server(options const& with = {});
  /// Not copyable.
  basic_datagram_server(basic_datagram_server const&) = delete;
  /// Not copyable.
  basic_datagram_server& operator=(basic_datagram_server const&) = delete;
  /// All `serve` tasks must have ended.
  ~basic_datagram_server();

  /// Serves one socket; see `strait::serve`. Returns the statistics of this call alone.
  template <class Socket, class Handler>
  task<datagram_statistics> serve(Socket socket, Handler handler);

  /// Ends every `serve`, current or future, as cancellation does. **May be called from any thread**.
  void stop() noexcept;
  /// Whether `stop` has been called. **May be called from any thread**.
  [[nodiscard]] bool is_stopping() const noexcept;
  /// The sum over all sockets, including those that are no longer served. **May be called from any thread**.
  [[nodiscard]] datagram_statistics statistics() const;

 private:
  options const options_;
  detail::owned<detail::datagram_server_core> core_;
};

extern template class STRAIT_API basic_datagram_server<endpoint>;
extern template class STRAIT_API basic_datagram_server<local::endpoint>;

namespace udp {

/// A server of UDP sockets.
using server = basic_datagram_server<endpoint>;

}  // namespace udp

namespace local {

/// A server of local datagram sockets.
using server = basic_datagram_server<endpoint>;

}  // namespace local

template <class Endpoint>
template <class Socket, class Handler>
task<datagram_statistics> basic_datagram_server<Endpoint>::serve(Socket socket, Handler handler) {
  constexpr bool fits = detail::handles_datagrams<Handler, basic_datagram_request<Endpoint>>;
  static_assert(fits,
                "strait: serve takes, for datagrams, a handler [](udp::request& question) -> task<> { … } (for a "
                "local::socket: local::request&), or one that returns an operation, such as question.reply(…)");
  if constexpr (fits) {
    detail::datagram_service<Endpoint, Socket, Handler> here(*core_, co_await detail::this_branch{}, options_, socket,
                                                             handler);
    co_return co_await here.run();
  }
}

/// Receives datagrams from a `udp::socket` or a `local::socket` and awaits `handler` for each, until it is canceled; in
/// `run_main`, SIGINT or SIGTERM does that. It then stops receiving, lets running handlers continue for `drain`,
/// cancels those that have not ended, and returns its statistics when all have.
///
///     task<> answer(udp::request& question) { co_await question.reply(now()); }
///
///     int main() {
///       return run_main([] { return serve(udp::bind("0.0.0.0:5000"), answer, {.max_handlers = 1000}); });
///     }
///
/// `handler` is any callable that takes a `udp::request&` (`local::request&`) and returns a task or an operation.
/// `[](udp::request& question) { return question.reply(question.bytes()); }` returns an operation, and needs no task.
///
/// The handler is called on the thread of this loop, and is kept until `serve` ends. A handler that waits does not
/// delay others, up to `max_handlers`. An exception ends that handler only and is reported; the same holds when memory
/// runs out. If receiving fails, it is retried; after several failures in a row, with delays from 5 ms up to 100 ms. A
/// socket that cannot receive at all ends the server as cancellation does, and its error is then thrown.
template <class Socket, class Handler>
  requires detail::datagram_socket_type<Socket>
task<datagram_statistics> serve(Socket socket, Handler handler,
                                basic_datagram_serve_options<typename Socket::endpoint_type> options = {}) {
  basic_datagram_server<typename Socket::endpoint_type> one(options);
  co_return co_await one.serve(std::move(socket), std::move(handler));
}

/// The same for a function template, which a parameter of any type could not receive.
template <class Socket>
  requires detail::datagram_socket_type<Socket>
task<datagram_statistics> serve(Socket socket,
                                task<> (*handler)(basic_datagram_request<typename Socket::endpoint_type>&),
                                basic_datagram_serve_options<typename Socket::endpoint_type> options = {}) {
  return serve<Socket, decltype(handler)>(std::move(socket), handler, std::move(options));
}

/// Runs `serve` for each of `sockets` (as returned by `udp::bind_shared`) on a loop and a thread of its own, one of
/// them the calling thread. Returns the sum of the statistics when SIGINT or SIGTERM has arrived and all loops have
/// drained; a second signal ends the process at once: see `run_until_signal`. If one fails, the others drain, and its
/// exception is thrown. `handler` and the hooks are called on all threads concurrently.
///
///     int main() { fmt::print("{}\n", serve_on_threads(udp::bind_shared("0.0.0.0:5000", 4), answer)); }
template <class Handler>
datagram_statistics serve_on_threads(std::vector<udp::socket> sockets, Handler handler,
                                     udp::serve_options const& options = {}) {
  udp::server all(options);
  run_until_signal(static_cast<unsigned>(sockets.size()), [&](unsigned thread) {
    return all.serve(std::move(sockets[thread]), detail::handler_reference(handler));
  });
  return all.statistics();
}

}  // namespace strait
