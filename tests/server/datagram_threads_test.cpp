// Datagram servers with several threads.
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "datagram_servers.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("a datagram server can be stopped from another thread", "[threads]") {
  udp::server one({.drain = 1h});
  auto socket = bound_socket();
  auto client = bound_socket();
  auto const where = socket.local_endpoint();
  std::thread other([&] {
    raw_send(raw_datagram_socket(), "x", where);
    while (one.statistics().served == 0) std::this_thread::yield();
    one.stop();
  });
  auto const statistics = complete([&]() -> task<datagram_statistics> { return one.serve(std::move(socket), echo); });
  other.join();
  CHECK(statistics.served == 1);
}

TEST_CASE("several loops share a port and the server adds up their statistics", "[threads]") {
  constexpr unsigned threads = 3;
  constexpr int clients = 30;
  udp::server all({.drain = 1h});
  auto sockets = udp::bind_shared("127.0.0.1:0", threads);
  auto const where = sockets.front().local_endpoint();
  auto handler = [](udp::request& question) -> task<> {
    co_await yield();
    co_await question.reply(question.bytes());
  };
  std::thread asking([&] {
    complete([&]() -> task<> {
      for (int i = 0; i != clients; ++i) {
        auto client = bound_socket();
        auto const answer = co_await ask(client, where, std::to_string(i));
        if (answer != std::to_string(i)) throw std::runtime_error("a wrong answer");
        auto const now = all.statistics();
        if (ended(now) + now.active != now.received) throw std::runtime_error("the counts do not add up");
      }
    });
    all.stop();
  });
  run_on_threads(threads, [&](unsigned index) -> task<> {
    auto const mine = co_await all.serve(std::move(sockets[index]), handler);
    static_cast<void>(mine);
  });
  asking.join();
  CHECK(all.statistics().served == clients);
  CHECK(all.statistics().replies == clients);
}
