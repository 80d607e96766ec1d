// local::socket: a sender that is faster than the receiver waits.
#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <time.h>

#include "catch.hpp"
#include "local_datagram_room.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Receives `count` datagrams slowly, and returns how many of them arrived in order.
task<int> receive_slowly(local::socket& on, int count) {
  int in_order = 0;
  for (int i = 0; i != count; ++i) {
    auto const number = co_await receive_number(on);
    if (number == i) ++in_order;
    if (i % 1000 == 0) co_await sleep_for(1ms);
  }
  co_return in_order;
}

std::chrono::nanoseconds processor_time() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

TEST_CASE("no datagram to a slow receiver is lost or reordered") {
  int const count = 10'000;
  bool const is_connected = GENERATE(true, false);
  INFO((is_connected ? "connected" : "not connected"));
  temporary_directory const directory;
  auto receiver = local::bind(directory.at("s"));
  auto sender = local::bind(local::endpoint());
  if (is_connected) sender.connect(directory.at("s"));
  complete(
      [&]() -> task<> {
        auto send = [&]() -> task<> {
          for (int i = 0; i != count; ++i) {
            auto const text = numbered(i);
            if (is_connected) co_await sender.send(text);
            else co_await sender.sendto(text, directory.at("s"));
          }
        };
        auto const [in_order, done] = co_await when_all(receive_slowly(receiver, count), send());
        CHECK(in_order == count);
        auto const rest = co_await drain(receiver);
        CHECK(rest.empty());
      },
      50s);
}

TEST_CASE("a pair of sockets makes a fast sender wait") {
  int const count = 10'000;
  auto [sender, receiver] = local::socket_pair();
  complete([&]() -> task<> {
    auto send = [&]() -> task<> {
      for (int i = 0; i != count; ++i) {
        auto const text = numbered(i);
        co_await sender.send(text);
      }
    };
    auto const [in_order, done] = co_await when_all(receive_slowly(receiver, count), send());
    CHECK(in_order == count);
  });
}

TEST_CASE("batches to a slow receiver arrive complete and in order") {
  constexpr int count = 1000;
  bool const is_connected = GENERATE(true, false);
  INFO((is_connected ? "connected" : "not connected"));
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  auto sender = local::bind(local::endpoint());
  if (is_connected) sender.connect(at);
  std::vector<std::string> texts;
  for (int i = 0; i != count; ++i) texts.push_back(numbered(i));
  std::vector<local::datagram> datagrams;
  for (auto const& each : texts) datagrams.push_back({each, is_connected ? local::endpoint() : at});
  complete([&]() -> task<> {
    auto send = [&]() -> task<> {
      auto const sent = co_await sender.send_batch(datagrams);
      CHECK(sent == count);
    };
    auto receive = [&]() -> task<> {
      local::datagram_buffer buffer(16, 64);
      int expected = 0;
      while (expected != count) {
        auto const batch = co_await receiver.recv_batch(buffer);
        for (auto const& each : batch) {
          if (each.text() != numbered(expected)) FAIL("the datagrams are out of order");
          if (each.peer != sender.local_endpoint()) FAIL("the datagram is from another sender");
          ++expected;
        }
        if (expected % 3 == 0) co_await sleep_for(1ms);
      }
    };
    co_await when_all(send(), receive());
  });
}

TEST_CASE("a batch to several receivers of which one does not exist reaches the others") {
  temporary_directory const directory;
  auto one = local::bind(directory.at("one"));
  auto two = local::bind(directory.at("two"));
  auto sender = local::bind(local::endpoint());
  complete([&]() -> task<> {
    std::vector<local::datagram> const datagrams{
        {"1", directory.at("one")}, {"x", directory.at("missing")}, {"2", directory.at("two")}};
    try {
      co_await sender.send_batch(datagrams);
      FAIL("nothing was thrown");
    } catch (error const& e) {
      CHECK(e.what() == "sendto " + directory.file("missing") + ": no such file or directory");
      CHECK(e.transferred() == 2);
    }
    auto const first = co_await drain(one);
    auto const second = co_await drain(two);
    CHECK(first == std::vector<std::string>{"1"});
    CHECK(second == std::vector<std::string>{"2"});
  });
}

TEST_CASE("two lines of code echo a batch") {
  auto [one, other] = local::socket_pair();
  complete([&]() -> task<> {
    std::vector<local::datagram> const datagrams{{"a", {}}, {"", {}}, {"ccc", {}}};
    co_await one.send_batch(datagrams);
    local::datagram_buffer buffer;
    co_await other.send_batch(co_await other.recv_batch(buffer));
    local::datagram_buffer answer;
    auto const batch = co_await one.recv_batch(answer);
    REQUIRE(batch.size() == 3);
    CHECK(batch[0].text() == "a");
    CHECK(batch[1].text().empty());
    CHECK(batch[2].text() == "ccc");
  });
}

TEST_CASE("a full receiver does not keep the same socket from sending to another one") {
  temporary_directory const directory;
  auto full = local::bind(directory.at("full"));
  auto free = local::bind(directory.at("free"));
  auto sender = local::bind(local::endpoint());
  fill(directory.at("full"));
  complete([&]() -> task<> {
    auto send_to_full = [&]() -> task<> { co_await sender.sendto("late", directory.at("full")); };
    auto send_to_free = [&]() -> task<> {
      for (int i = 0; i != 100; ++i) {
        auto const text = numbered(i);
        co_await sender.sendto(text, directory.at("free"));
        auto const number = co_await receive_number(free);
        CHECK(number == i);
      }
      auto const held = co_await drain(full);
      CHECK(fillers_in(held) == held.size());
    };
    co_await when_all(send_to_full(), send_to_free());
    auto const then = co_await drain(full);
    CHECK(then == std::vector<std::string>{"late"});
  });
}

TEST_CASE("two sends to one full receiver arrive in the order in which they started") {
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  auto sender = local::bind(local::endpoint());
  fill(at);
  complete([&]() -> task<> {
    auto first = [&]() -> task<> { co_await sender.sendto("first", at); };
    auto second = [&]() -> task<> {
      co_await sleep_for(20ms);  // the first one waits
      auto const held = co_await drain(receiver);
      CHECK(fillers_in(held) == held.size());
      co_await sender.sendto("second", at);
    };
    co_await when_all(first(), second());
    auto const both = co_await drain(receiver);
    CHECK(both == std::vector<std::string>{"first", "second"});
  });
}

TEST_CASE("a connected socket that sends to another receiver, which is full, continues when there is room") {
  temporary_directory const directory;
  auto peer = local::bind(directory.at("peer"));
  auto full = local::bind(directory.at("full"));
  auto sender = local::bind(local::endpoint());
  sender.connect(directory.at("peer"));
  fill(directory.at("full"));
  complete([&]() -> task<> {
    auto const begun = clock::now();
    auto make_room = [&]() -> task<> {
      co_await sleep_for(10ms);
      static_cast<void>(co_await drain(full));
    };
    auto const [outcome, done] =
        co_await when_all(as_result(timeout(4s, sender.sendto("late", directory.at("full")))), make_room());
    CHECK(outcome.message() == "");
    CHECK(clock::now() - begun < 3s);  // before the timeout, not in the last attempt of a canceled operation
    auto const then = co_await drain(full);
    CHECK(then == std::vector<std::string>{"late"});
  });
}

TEST_CASE("a send that waits for room uses almost no processor time") {
  auto const connected_to = GENERATE(as<std::string>(), "no peer", "the receiver", "another");
  INFO("connected to " << connected_to);
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  auto another = local::bind(local::endpoint());
  auto sender = local::bind(local::endpoint());
  if (connected_to == "the receiver") sender.connect(at);
  if (connected_to == "another") sender.connect(another.local_endpoint());
  fill(at);
  complete([&]() -> task<> {
    auto const before = processor_time();
    auto const outcome = co_await as_result(timeout(300ms, sender.sendto("x", at)));
    CHECK(outcome.error() == std::errc::timed_out);
    CHECK(processor_time() - before < 100ms);
  });
}

TEST_CASE("sends to many full receivers continue in order and independently when there is room") {
  constexpr int count = 200;
  std::vector<local::socket> receivers;
  for (int i = 0; i != count; ++i) receivers.push_back(local::bind(local::endpoint()));
  auto sender = local::bind(local::endpoint());
  sender.send_buffer_size(1 << 20);
  for (auto const& each : receivers) fill(each.local_endpoint());
  complete([&]() -> task<> {
    auto send_two = [&](std::size_t to) -> task<> {
      auto const at = receivers[to].local_endpoint();
      co_await when_all(sender.sendto("first", at), sender.sendto("second", at));
    };
    auto body = [&](task_group& group) -> task<> {
      for (std::size_t i = 0; i != receivers.size(); ++i) group.spawn(send_two(i));
      co_await sleep_for(20ms);
      for (std::size_t i = 1; i != receivers.size(); ++i) static_cast<void>(co_await drain(receivers[i]));
      for (std::size_t i = 1; i != receivers.size(); ++i) {
        char bytes[16];
        for (auto const* expected : {"first", "second"}) {
          auto const got = co_await receivers[i].recv(bytes);
          CHECK(std::string_view(bytes, got.size) == expected);
        }
      }
      static_cast<void>(co_await drain(receivers[0]));
    };
    co_await with_task_group(body);
    auto const last = co_await drain(receivers[0]);
    CHECK(last == std::vector<std::string>{"first", "second"});
  });
}

TEST_CASE("sends to several receivers that wait behind a send to the peer all continue after it") {
  auto peer = local::bind(local::endpoint());
  auto one = local::bind(local::endpoint());
  auto two = local::bind(local::endpoint());
  auto sender = local::bind(local::endpoint());
  sender.connect(peer.local_endpoint());
  fill(peer.local_endpoint());
  complete([&]() -> task<> {
    auto make_room = [&]() -> task<> {
      for (int i = 0; i != 4; ++i) co_await yield();
      static_cast<void>(co_await drain(peer));
    };
    co_await when_all(sender.send("0"), sender.sendto("1", one.local_endpoint()),
                      sender.sendto("2", two.local_endpoint()), make_room());
    auto const first = co_await drain(one);
    auto const second = co_await drain(two);
    CHECK(first == std::vector<std::string>{"1"});
    CHECK(second == std::vector<std::string>{"2"});
  });
}
