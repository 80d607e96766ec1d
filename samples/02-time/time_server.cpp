// time_server: answers every datagram with the time.
#include <strait/strait.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "doorkeeper.hpp"
#include "time_format.hpp"
#include "time_server_options.hpp"

using namespace strait;

namespace {

/// Serves until a signal cancels it. What goes wrong with one answer concerns nobody else.
task<> serve(udp::socket socket, time_server_options const& options, doorkeeper& door) {
  for (;;) {
    char question[1];  // whatever it says, the answer is the same: let the system drop the rest
    auto const sender = (co_await socket.recvfrom(question)).from;
    if (!door.admits(sender)) continue;

    auto const answer = to_text(std::chrono::system_clock::now(), options.format);
    try {
      co_await socket.sendto(answer, sender);
      door.answered(sender);
    } catch (error const& e) {  // nobody can be reached there, or the sender's address was made up
      door.failed(e);
    }
  }
}

/// A socket for each thread, all on one port: the system spreads the senders over them.
std::vector<udp::socket> bind(time_server_options const& options) {
  bool const several = options.threads > 1;
  auto where = options.where();
  // Who shares a port shares it with strangers, too; so see first that there are none.
  if (several && where.port() != 0) udp::bind(where).close();

  std::vector<udp::socket> sockets;
  while (sockets.size() < options.threads) {
    sockets.push_back(udp::bind(where, {.reuse_port = several}));
    where = sockets.front().local_endpoint();  // the system may have chosen the port
  }
  return sockets;
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = time_server_options::read(argc, argv);
  try {
    doorkeeper door(options);
    auto sockets = bind(options);
    return run_main(options.threads, [&](unsigned thread) {
      if (thread == 0) {
        fmt::print("listening on {}\n", sockets.front().local_endpoint());
        std::fflush(stdout);
      }
      return serve(std::move(sockets[thread]), options, door);
    });
  } catch (std::exception const& e) {
    fmt::print(stderr, "time_server: {}\n", e.what());
    return 1;
  }
}
