// echo_server: sends back what its clients send, as it comes; any number of clients at a time.
#include <strait/core/stop_token.hpp>
#include <strait/strait.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "options/server_options.hpp"

using namespace strait;
using samples::server_options;

namespace {

template <class... T>
void log(server_options const& options, fmt::format_string<T...> format, T&&... values) {
  if (!options.quiet) std::fputs((fmt::format(format, std::forward<T>(values)...) + '\n').c_str(), stderr);
}

task<> echo(tcp::stream& client) {
  char buffer[8192];
  while (auto n = co_await client.read(buffer))   // 0: the client has sent all that it will
    co_await client.write(std::span(buffer, n));  // all of it, however slowly the client reads
}

/// A client from its first byte to its last. What goes wrong ends this connection, and no other.
task<> serve_client(tcp::stream client, server_options const& options) {
  auto const peer = client.remote_endpoint();
  log(options, "{} connected", peer);
  try {
    client.idle_timeout(options.idle_timeout);
    co_await echo(client);
    log(options, "{} disconnected", peer);
  } catch (std::exception const& e) {
    log(options, "{} disconnected: {}", peer, e.what());
  }
}

/// Serves until a signal cancels it; then those who are connected may finish, for as long as --drain says.
task<> serve(tcp::listener listener, server_options const& options) {
  static std::atomic<std::size_t> connected = 0;  // on all threads
  std::stop_source out_of_time;
  cancel_scope draining;

  co_await with_task_group([&](task_group& clients) -> task<> {
    // The signal is to end the loop below, but not those who are connected: they are shielded from it.
    auto const connection = [&](tcp::stream client) -> task<> {
      co_await shield(cancel_on(out_of_time.get_token(), serve_client(std::move(client), options)));
      --connected;
      if (!listener.is_open() && clients.size() == 1) draining.cancel();  // that was the last one
    };

    try {
      for (;;) {
        auto client = co_await listener.accept();
        if (++connected <= options.max_connections) {
          clients.spawn(connection, std::move(client));
        } else {
          --connected;
          log(options, "{} refused: {} are connected", client.remote_endpoint(), options.max_connections);
        }
      }
    } catch (canceled const&) {
      listener.close();
    }

    if (clients.size() > 0) {
      log(options, "ending: {} connected, who have {:.3g} s to finish", clients.size(),
          std::chrono::duration<double>(options.drain).count());
      co_await shield(draining.run(sleep_for(options.drain)));
    }
    out_of_time.request_stop();
  });
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

int main(int argc, char** argv) {
  auto const options = samples::read_server_options(argc, argv, "Sends back what its clients send, as it comes.");
  try {
    auto listeners = listen(options);
    return run_main(options.threads, [&](unsigned thread) {
      if (thread == 0) {
        fmt::print("listening on {}\n", listeners.front().local_endpoint());
        std::fflush(stdout);
      }
      return serve(std::move(listeners[thread]), options);
    });
  } catch (std::exception const& e) {
    fmt::print(stderr, "echo_server: {}\n", e.what());
    return 1;
  }
}
