#include "serving/stream_server.hpp"

#include <chrono>

#include <fcntl.h>

#include "strait/base/error.hpp"
#include "strait/server/inherited_sockets.hpp"

using namespace strait;

namespace samples {
namespace {

/// Writes the event as a line of the log.
void log_event(server_options const& options, server_event const& what) {
  using kind = server_event::kind;
  std::chrono::duration<double> const drain = options.drain;
  switch (what.type) {
    case kind::accepted: return log(options, "{} connected", *what.peer);
    case kind::rejected: return log(options, "{} rejected: {}", *what.peer, what.reason);
    case kind::served: return log(options, "{} disconnected", *what.peer);
    case kind::failed:
    case kind::timed_out: return log(options, "{} disconnected: {}", *what.peer, describe(what.failure));
    case kind::aborted: return log(options, "{} disconnected: not finished within {:.3g} s", *what.peer, drain.count());
    case kind::draining:
      if (what.connections != 0 && drain.count() > 0)
        log(options, "shutting down: waiting up to {:.3g} s for {} connection{}", drain.count(), what.connections,
            what.connections == 1 ? "" : "s");
      return;
    case kind::drained: return;
  }
}

/// Returns a listener for each thread; all of them accept from the one inherited socket.
std::vector<tcp::listener> share(tcp::listener inherited, unsigned threads) {
  std::vector<tcp::listener> all;
  all.push_back(std::move(inherited));
  while (all.size() < threads) {
    int const copy = ::fcntl(all.front().native_handle(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw error({errno, std::generic_category()}, "duplicate the inherited socket");
    all.emplace_back(copy);
  }
  return all;
}

}  // namespace

std::vector<tcp::listener> listen(server_options const& options) {
  inherited_sockets sockets;
  auto inherited = sockets.tcp_listeners();
  if (!inherited.empty()) return share(std::move(inherited.front()), options.threads);
  return tcp::listen_shared(options.address(), options.threads);
}

void print_address(std::vector<tcp::listener> const& listeners) {
  fmt::print("listening on {}\n", listeners.front().local_endpoint());
  std::fflush(stdout);
}

serve_options to_serve_options(server_options const& options) {
  serve_options rules;
  rules.max_connections = options.max_connections;
  rules.max_connections_per_peer = options.max_connections_per_peer;
  rules.when_full = overload::reject;
  rules.idle_timeout = options.idle_timeout;
  rules.drain = options.drain;
  rules.on_error = [](peer const&, std::exception_ptr) {};  // log_event reports the failure
  rules.on_event = [&options](server_event const& what) { log_event(options, what); };
  return rules;
}

}  // namespace samples
