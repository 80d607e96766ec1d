// A server of datagrams: what the sockets of one have in common, on one loop or on several.
#pragma once

#include <memory>
#include <utility>
#include <vector>

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

/// Options that hold for all of its sockets, counters that are summed, and an end for all: `udp::server` and
/// `local::server`. `serve` makes one of its own; make one yourself to serve several sockets, on one loop or on
/// several, to read the counters while it runs, or to end it:
///
///     udp::server names({.handler_timeout = 2s});
///     co_await names.serve(udp::bind("0.0.0.0:53"), answer);       // any number of sockets
///     names.statistics().active;                                   // from any thread
///
/// It must outlive what it serves.
template <class Endpoint>
class basic_datagram_server {
 public:
  /// Its options.
  using options = basic_datagram_serve_options<Endpoint>;

  /// Serves nothing yet.
  explicit basic_datagram_server(options const& with = {});
  basic_datagram_server(basic_datagram_server const&) = delete;
  basic_datagram_server& operator=(basic_datagram_server const&) = delete;
  ~basic_datagram_server();

  /// See `strait::serve`. Gives the statistics of this call alone.
  template <class Socket, class Handler>
  task<datagram_statistics> serve(Socket socket, Handler handler);

  /// Has every `serve` end as a cancel would, now or when it begins. **From any thread**.
  void stop() noexcept;
  /// `stop` was called.
  [[nodiscard]] bool is_stopping() const noexcept;
  /// The sum over all sockets, those included that are no longer served. **From any thread**.
  [[nodiscard]] datagram_statistics statistics() const;

 private:
  options const options_;
  std::unique_ptr<detail::datagram_server_core> core_;
};

extern template class STRAIT_API basic_datagram_server<endpoint>;
extern template class STRAIT_API basic_datagram_server<local::endpoint>;

namespace udp {

/// A UDP server.
using server = basic_datagram_server<endpoint>;

}  // namespace udp

namespace local {

/// A server of datagrams within the host.
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

/// Receives datagrams from a `udp::socket` or a `local::socket`, and awaits `handler` for each, until it is canceled: a
/// signal does that, in a `run_main`. Then it receives no more; gives the handlers that are at work `drain` to finish;
/// cancels those that have not; and, when all have ended, gives its statistics.
///
///     task<> answer(udp::request& question) { co_await question.reply(now()); }
///
///     int main() {
///       return run_main([] { return serve(udp::bind("0.0.0.0:5000"), answer, {.max_handlers = 1000}); });
///     }
///
/// `handler` is any callable that takes a `udp::request&` (`local::request&`), and makes a task or gives an operation,
/// as `[](udp::request& question) { return question.reply(question.bytes()); }` does, which costs no task.
///
/// It is called on this loop's thread, and kept until the end. A handler that waits holds up no other, until there are
/// `max_handlers`. What it throws ends that handler, is reported, and concerns nobody else; so does want of memory.
/// When the system fails to receive, it is asked again, from 5 ms up to 100 ms later if it does so several times in a
/// row. A socket that cannot receive at all ends the server as a cancel does, and that is then thrown.
template <class Socket, class Handler>
  requires detail::datagram_socket_type<Socket>
task<datagram_statistics> serve(Socket socket, Handler handler,
                                basic_datagram_serve_options<typename Socket::endpoint_type> options = {}) {
  basic_datagram_server<typename Socket::endpoint_type> one(options);
  co_return co_await one.serve(std::move(socket), std::move(handler));
}

/// `serve` on a loop for each of `sockets` (as `udp::bind_shared` makes them), each on a thread of its own, the calling
/// one included. Returns when SIGINT or SIGTERM has come and all have drained, with the sum of their statistics; a
/// second signal ends the process at once: see `run_until_signal`. If one fails, the others drain, and its exception is
/// thrown. `handler` and the hooks are called on all of them, at the same time.
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
