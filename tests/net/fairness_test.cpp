// One busy connection delays neither other connections nor timers.
#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "core/rounds.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Both ends of a connection that always has something to read.
template <class F>
task<> flood(tcp::stream& from, tcp::stream& to, F each_read) {
  std::string const block(64 * 1024, 'x');
  auto send = [&]() -> task<> {
    for (;;) co_await from.write(block);
  };
  auto receive = [&]() -> task<> {
    char buffer[16];
    for (;;) {
      co_await to.read(buffer);
      each_read();
    }
  };
  co_await when_all(send(), receive());
}

task<> echo(tcp::stream& peer) {
  char buffer[64];
  while (auto const n = co_await peer.read(buffer)) co_await peer.write(std::span(buffer, n));
}

}  // namespace

TEST_CASE("a connection that is always busy does not starve ten others") {
  constexpr int rounds = 200;
  auto [flooding, flooded] = stream_pair();
  std::vector<std::pair<tcp::stream, tcp::stream>> pairs;
  for (int i = 0; i != 10; ++i) pairs.push_back(stream_pair());
  std::uint64_t reads = 0;
  std::vector<std::uint64_t> reads_when_done;
  complete([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(flood(flooding, flooded, [&reads] { ++reads; }));
      for (auto& each : pairs) group.spawn(echo(each.first));
      co_await with_task_group([&](task_group& clients) -> task<> {
        for (auto& each : pairs)
          clients.spawn([&]() -> task<> {
            char buffer[8];
            for (int i = 0; i != rounds; ++i) {
              co_await each.second.write("12345678");
              co_await each.second.read_exactly(buffer);
            }
            reads_when_done.push_back(reads);
          });
        co_return;
      });
      group.cancel();
    });
  });
  auto const [first, last] = std::minmax_element(reads_when_done.begin(), reads_when_done.end());
  CHECK(*last < 2 * *first + 1000);  // the ten connections were served equally,
  CHECK(*last < 200 * rounds);       // and a round trip took at most a few turns of 32 reads
}

TEST_CASE("a connection that is always busy does not delay timers") {
  auto [flooding, flooded] = stream_pair();
  clock::time_point due;
  std::uint64_t reads_past_due = 0;
  std::uint64_t most_past_due = 0;
  complete([&]() -> task<> {
    auto note = [&] { reads_past_due += clock::now() >= due; };
    auto tick = [&]() -> task<> {
      for (int i = 0; i != 100; ++i) {
        reads_past_due = 0;
        due = clock::now() + 1ms;
        co_await sleep_until(due);
        most_past_due = std::max(most_past_due, reads_past_due);
      }
    };
    auto const outcome = co_await when_any(flood(flooding, flooded, note), tick());
    CHECK(std::get<1>(outcome));
  });
  CHECK(most_past_due < 200);  // a few turns of 32 reads
}

TEST_CASE("a flood of new connections does not starve established ones") {
  auto listener = tcp::listen("127.0.0.1:0");
  std::vector<raw_socket> waiting;
  for (int i = 0; i != 500; ++i) waiting.push_back(raw_connect(listener.local_endpoint()));
  auto [stream, other] = stream_pair();
  int accepted = 0;
  int accepted_when_served = 0;
  complete([&]() -> task<> {
    auto accept_all = [&]() -> task<> {
      while (accepted != 500) {
        auto const one = co_await listener.accept();
        ++accepted;
      }
    };
    auto exchange = [&]() -> task<> {
      char byte[1];
      for (int i = 0; i != 3; ++i) {
        co_await other.write("x");
        co_await stream.read(byte);
      }
      accepted_when_served = accepted;
    };
    co_await when_all(accept_all(), exchange());
  });
  CHECK(accepted_when_served < 500);
}

TEST_CASE("operations on closed sockets let other tasks run") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto [stream, peer] = stream_pair();
  auto datagrams = udp::bind("127.0.0.1:0");
  char byte[1];
  listener.close();
  datagrams.close();
  stream.close();
  CHECK(rounds_beside_another_task([&] { return as_result(listener.accept()); }) < enough);
  CHECK(rounds_beside_another_task([&] { return as_result(datagrams.recvfrom(byte)); }) < enough);
  CHECK(rounds_beside_another_task([&, &closed = stream] { return as_result(closed.read(byte)); }) < enough);
  CHECK(rounds_beside_another_task([&, &closed = stream] { return as_result(closed.write("x")); }) < enough);
}

TEST_CASE("operations that are canceled before they start let other tasks run") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto [stream, peer] = stream_pair();
  char byte[1];
  CHECK(rounds_beside_another_task([&] { return listener.accept(); }, true) < enough);
  CHECK(rounds_beside_another_task([&, &open = stream] { return open.read(byte); }, true) < enough);
  CHECK(rounds_beside_another_task([&, &open = stream] { return open.write("x"); }, true) < enough);
  CHECK(rounds_beside_another_task([] { return tcp::connect("127.0.0.1:1"); }, true) < enough);
  CHECK(rounds_beside_another_task([] { return resolve("localhost:80"); }, true) < enough);
}

TEST_CASE("reads and writes of zero bytes let other tasks run") {
  auto [stream, peer] = stream_pair();
  char byte[1];
  CHECK(rounds_beside_another_task([&, &open = stream] { return open.read(std::span(byte, 0)); }) < enough);
  CHECK(rounds_beside_another_task([&, &open = stream] { return open.write(""); }) < enough);
}
