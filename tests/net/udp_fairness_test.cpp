// A flooded socket delays neither other sockets nor timers.
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "datagrams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// A socket that sends to itself, so that it always has a datagram to receive.
template <class F>
task<> flood(udp::socket& socket, F each_receive) {
  auto const where = socket.local_endpoint();
  for (int i = 0; i != 20; ++i) co_await socket.sendto("flood", where);
  char bytes[8];
  for (;;) {
    auto const [size, from, truncated] = co_await socket.recvfrom(bytes);
    each_receive();
    co_await socket.sendto(std::span(bytes, size), from);
  }
}

/// The same with batches.
template <class F>
task<> flood_in_batches(udp::socket& socket, F each_receive) {
  auto const where = socket.local_endpoint();
  for (int i = 0; i != 20; ++i) co_await socket.sendto("flood", where);
  udp::datagram_buffer buffer(4);
  for (;;) {
    auto const batch = co_await socket.recv_batch(buffer);
    each_receive();
    co_await socket.send_batch(batch);
  }
}

task<> echo(tcp::stream& peer) {
  char buffer[64];
  while (auto const n = co_await peer.read(buffer)) co_await peer.write(std::span(buffer, n));
}

/// The number of receives on a flooded socket while another connection makes a hundred exchanges.
template <class Flood>
std::uint64_t receives_during_exchanges(Flood flooding) {
  auto flooded = bound_socket();
  auto [client, server] = stream_pair();
  std::uint64_t receives = 0;
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn(flooding(flooded, [&receives] { ++receives; }));
      group.spawn(echo(server));
      char buffer[8];
      for (int i = 0; i != 100; ++i) {
        co_await client.write("12345678");
        co_await client.read_exactly(buffer);
      }
      group.cancel();
    };
    co_await with_task_group(body);
  });
  return receives;
}

}  // namespace

TEST_CASE("a flooded socket does not starve a connection") {
  auto const receives =
      receives_during_exchanges([](udp::socket& socket, auto each) { return flood(socket, std::move(each)); });
  CHECK(receives > 0);
  CHECK(receives < 100 * 200);  // a round trip takes at most a few turns of 32 operations
}

TEST_CASE("a socket that is flooded and read in batches does not starve a connection") {
  auto const receives = receives_during_exchanges(
      [](udp::socket& socket, auto each) { return flood_in_batches(socket, std::move(each)); });
  CHECK(receives > 0);
  CHECK(receives < 100 * 200);
}

TEST_CASE("a flooded socket does not delay timers") {
  auto flooded = bound_socket();
  int receives = 0;
  int most_past_due = 0;
  complete([&]() -> task<> {
    clock::time_point due = clock::time_point::max();
    int past_due = 0;
    auto note = [&] {
      ++receives;
      if (clock::now() > due) ++past_due;
    };
    auto tick = [&]() -> task<> {
      for (int i = 0; i != 50; ++i) {
        past_due = 0;
        due = clock::now() + 1ms;
        co_await sleep_until(due);
        most_past_due = std::max(most_past_due, past_due);
      }
    };
    auto const outcome = co_await when_any(flood(flooded, note), tick());
    CHECK(std::get<1>(outcome));
  });
  CHECK(receives > 0);
  CHECK(most_past_due < 200);  // a few turns of 32 operations
}

TEST_CASE("a batch of many system calls lets other tasks run") {
  auto sender = bound_socket();
  auto const to = unused_udp_endpoint();
  std::vector<std::string> bodies;
  for (std::size_t i = 0; i != 20'000; ++i) bodies.push_back(numbered(i, 1 + i % 2));
  for (std::size_t i = 1; i < bodies.size(); i += 2) bodies[i] += "x";  // increasing sizes, so not coalesced
  complete([&]() -> task<> {
    bool is_sent = false;
    int turns_meanwhile = 0;
    auto send = [&]() -> task<> {
      std::vector<udp::datagram> batch;
      for (std::size_t i = 0; i != bodies.size(); ++i)
        batch.push_back(
            {const_buffer(bodies[i]), to.with_port(static_cast<std::uint16_t>(to.port() ^ (i & 1))), false});
      co_await sender.send_batch(batch);
      is_sent = true;
    };
    auto count = [&]() -> task<> {
      while (!is_sent) {
        ++turns_meanwhile;
        co_await yield();
      }
    };
    co_await when_all(send(), count());
    CHECK(turns_meanwhile > 3);  // 313 system calls, 32 per turn
  });
}
