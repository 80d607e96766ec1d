// Fault 45: the tasks of a server are dropped while they wait, and then their loop. The server object survives.
#include <string>
#include <vector>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Runs `which.serve` for some turns, with clients that have connected, and then drops it.
template <class Handler>
void serve_and_drop(server& which, tcp::listener listener, Handler handler, int turns_before) {
  event_loop loop;
  background_task const dropped(loop, which.serve(std::move(listener), handler));
  loop.run(turns(turns_before));
}

}  // namespace

TEST_CASE("fault 45: a loop with connections in any state can be destroyed and nothing leaks") {
  int const turns_before = GENERATE(0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 20);
  auto const descriptors = open_descriptors();
  int alive = 0;
  {
    server which({.max_connections = 3, .max_connections_per_peer = 5});
    auto listener = tcp::listen("127.0.0.1:0");
    std::vector<raw_socket> clients;
    for (int i = 0; i != 5; ++i) {
      clients.push_back(raw_connect(listener.local_endpoint()));
      clients.back().send("hello");
    }
    auto const handler = [owned = counted(alive)](tcp::stream& peer) -> task<> {
      counted const copy(owned);
      co_await timeout(1h, echo(peer));
    };
    serve_and_drop(which, std::move(listener), handler, turns_before);
    auto const statistics = which.statistics();
    CHECK(statistics.active == 0);
    CHECK(statistics.aborted == statistics.accepted);
    CHECK(adds_up(statistics));
    CHECK(alive == 1);  // the captured copy in `handler`
  }
  CHECK(alive == 0);
  CHECK(open_descriptors() == descriptors);
}

TEST_CASE("fault 45: a server that outlives a loop admits as many connections as before") {
  int const turns_before = GENERATE(3, 20);
  server which({.max_connections = 2, .max_connections_per_peer = 2});
  for (int i = 0; i != 3; ++i) {
    auto listener = tcp::listen("127.0.0.1:0");
    std::vector<raw_socket> clients;
    for (int each = 0; each != 4; ++each) clients.push_back(raw_connect(listener.local_endpoint()));
    auto const handler = [](tcp::stream& peer) -> task<> { co_await echo(peer); };
    serve_and_drop(which, std::move(listener), handler, turns_before);
  }
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto const handler = [](tcp::stream& peer) -> task<> { co_await echo(peer); };
  auto const statistics = complete([&]() -> task<server_statistics> {
    auto clients = [&]() -> task<> {
      auto one = connect_now(where);
      auto other = connect_now(where);
      co_await check_echo(one, "hello");
      co_await check_echo(other, "hello");
    };
    co_return co_await serve_beside(which, std::move(listener), handler, clients);
  });
  CHECK(statistics.accepted == 2);
  CHECK(statistics.rejected == 0);
}

TEST_CASE("fault 45: an accepted connection that waits for a free place can be dropped") {
  server which({.max_connections = 1, .max_connections_per_peer = 1});
  event_loop loop;
  auto one = tcp::listen("127.0.0.1:0");
  auto other = tcp::listen("0.0.0.0:0");
  auto const first_place = one.local_endpoint();
  auto const second_place = endpoint::loopback_v4(other.local_endpoint().port());
  auto const handler = [](tcp::stream& peer) -> task<> { co_await echo(peer); };
  {
    // Both accept before a client comes; then the first client takes the only place.
    background_task const first(loop, which.serve(std::move(one), handler));
    background_task const second(loop, which.serve(std::move(other), handler));
    loop.run(turns(5));
    raw_socket const here = raw_connect(first_place);
    auto const there = connect_now_from("127.0.0.2", second_place);
    loop.run(turns(20));
    CHECK(which.statistics().accepted == 1);
  }
  auto listener = tcp::listen("0.0.0.0:0");
  auto const where = endpoint::loopback_v4(listener.local_endpoint().port());
  auto const statistics = complete([&]() -> task<server_statistics> {
    auto clients = [&]() -> task<> {
      auto client = connect_now_from("127.0.0.2", where);
      co_await check_echo(client, "hello");
    };
    co_return co_await serve_beside(which, std::move(listener), handler, clients);
  });
  CHECK(statistics.accepted == 1);
  CHECK(statistics.rejected == 0);
}

TEST_CASE("fault 45: a server that drains can be dropped") {
  int const turns_before = GENERATE(1, 2, 3, 4, 5, 10);
  auto const descriptors = open_descriptors();
  {
    server which({.drain = 1h});
    auto listener = tcp::listen("127.0.0.1:0");
    raw_socket const client = raw_connect(listener.local_endpoint());
    event_loop loop;
    auto const handler = [](tcp::stream& peer) -> task<> { co_await echo(peer); };
    background_task const dropped(loop, which.serve(std::move(listener), handler));
    loop.run(turns(10));
    which.stop();
    loop.run(turns(turns_before));
  }
  CHECK(open_descriptors() == descriptors);
}
