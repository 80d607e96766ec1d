#include "serving/stream_server.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <stop_token>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "serving/log.hpp"
#include "strait/core/stop_token.hpp"
#include "strait/strait.hpp"

using namespace strait;

namespace samples {
namespace {

class stream_server {
 public:
  stream_server(server_options const& options, detail::stream_handler handle, void* context) noexcept
      : options_(options), handle_(handle), context_(context) {}

  /// Serves until a signal cancels it; then those who are connected may finish, for as long as --drain says.
  task<> serve(tcp::listener listener);

 private:
  task<> serve_client(tcp::stream client);

  server_options const& options_;
  detail::stream_handler handle_;
  void* context_;
  std::atomic<std::size_t> connected_ = 0;  // on all threads
};

task<> stream_server::serve(tcp::listener listener) {
  std::stop_source out_of_time;
  cancel_scope draining;

  co_await with_task_group(print_failure, [&](task_group& clients) -> task<> {
    // The signal is to end the loop below, but not those who are connected: they are shielded from it.
    auto const connection = [&](tcp::stream client) -> task<> {
      co_await shield(cancel_on(out_of_time.get_token(), serve_client(std::move(client))));
      --connected_;
      if (!listener.is_open() && clients.size() == 1) draining.cancel();  // that was the last one
    };

    try {
      for (;;) {
        auto client = co_await listener.accept();
        if (++connected_ <= options_.max_connections) {
          clients.spawn(connection, std::move(client));
        } else {
          --connected_;
          log(options_, "{} refused: {} are connected", client.remote_endpoint(), options_.max_connections);
        }
      }
    } catch (canceled const&) {
      listener.close();
    }

    if (clients.size() > 0) {
      std::chrono::duration<double> const time_left = options_.drain;
      if (time_left.count() > 0)
        log(options_, "ending: {} connected, who have {:.3g} s to finish", clients.size(), time_left.count());
      co_await shield(draining.run(sleep_for(options_.drain)));
    }
    out_of_time.request_stop();
  });
}

/// A client from its first byte to its last. What goes wrong ends this connection, and no other.
task<> stream_server::serve_client(tcp::stream client) {
  auto const peer = client.remote_endpoint();
  log(options_, "{} connected", peer);
  try {
    client.idle_timeout(options_.idle_timeout);
    co_await handle_(context_, client);
    log(options_, "{} disconnected", peer);
  } catch (canceled const&) {
    log(options_, "{} cut off", peer);  // it had its time to finish
  } catch (...) {
    log(options_, "{} disconnected: {}", peer, describe(std::current_exception()));
  }
}

/// A listener for each thread, all on one port: the system spreads the connections over them.
std::vector<tcp::listener> listen(server_options const& options) {
  bool const several = options.threads > 1;
  auto where = options.where();
  // Who shares a port shares it with strangers, too; so see first that there are none.
  if (several && where.port() != 0) tcp::listen(where).close();

  std::vector<tcp::listener> listeners;
  while (listeners.size() < options.threads) {
    listeners.push_back(tcp::listen(where, {.reuse_port = several}));
    where = listeners.front().local_endpoint();  // the system may have chosen the port
  }
  return listeners;
}

}  // namespace

int detail::run_stream_server(char const* program, server_options const& options, stream_handler handle,
                              void* context) {
  try {
    stream_server server(options, handle, context);
    auto listeners = listen(options);
    return run_main(options.threads, [&](unsigned thread) {
      if (thread == 0) {
        fmt::print("listening on {}\n", listeners.front().local_endpoint());
        std::fflush(stdout);
      }
      return server.serve(std::move(listeners[thread]));
    });
  } catch (std::exception const& e) {
    fmt::print(stderr, "{}: {}\n", program, e.what());
    return 1;
  }
}

}  // namespace samples
