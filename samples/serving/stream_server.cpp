#include "serving/stream_server.hpp"

#include <chrono>

#include <fcntl.h>

#include "strait/base/error.hpp"
#include "strait/server/inherited_sockets.hpp"

using namespace strait;

namespace samples {
namespace {

/// What happens, as lines of a log.
void log_event(server_options const& options, server_event const& what) {
  using kind = server_event::kind;
  switch (what.type) {
    case kind::accepted: return log(options, "{} connected", *what.peer);
    case kind::rejected: return log(options, "{} refused: {}", *what.peer, what.reason);
    case kind::served: return log(options, "{} disconnected", *what.peer);
    case kind::failed:
    case kind::timed_out: return log(options, "{} disconnected: {}", *what.peer, describe(what.failure));
    case kind::aborted: return log(options, "{} cut off", *what.peer);  // it had its time to finish
    case kind::draining: {
      std::chrono::duration<double> const time_left = options.drain;
      if (what.connections != 0 && time_left.count() > 0)
        log(options, "ending: {} connected, who have {:.3g} s to finish", what.connections, time_left.count());
      return;
    }
    case kind::drained: return;
  }
}

/// All threads accept from one socket that was passed on.
std::vector<tcp::listener> share(tcp::listener inherited, unsigned threads) {
  std::vector<tcp::listener> all;
  all.push_back(std::move(inherited));
  while (all.size() < threads) {
    int const copy = ::fcntl(all.front().native_handle(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw error({errno, std::generic_category()}, "share the inherited socket");
    all.emplace_back(copy);
  }
  return all;
}

}  // namespace

std::vector<tcp::listener> listen(server_options const& options) {
  inherited_sockets passed_on;
  auto inherited = passed_on.tcp_listeners();
  if (!inherited.empty()) return share(std::move(inherited.front()), options.threads);
  return tcp::listen_shared(options.where(), options.threads);
}

void announce(std::vector<tcp::listener> const& listeners) {
  fmt::print("listening on {}\n", listeners.front().local_endpoint());
  std::fflush(stdout);
}

serve_options limits(server_options const& options) {
  serve_options rules;
  rules.max_connections = options.max_connections;
  rules.max_connections_per_peer = options.max_connections_per_peer;
  rules.when_full = overload::reject;
  rules.idle_timeout = options.idle_timeout;
  rules.drain = options.drain;
  rules.on_error = [](peer const&, std::exception_ptr) {};  // the event has it, too
  rules.on_event = [&options](server_event const& what) { log_event(options, what); };
  return rules;
}

}  // namespace samples
