// local::socket: how a send that waits for room ends.
#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "catch.hpp"
#include "local_datagram_room.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("a socket that is disconnected while a send waits can still send to others") {
  // In a separate process, since a lost send would hang and could be ended neither by a timeout nor by a cancel.
  auto const disconnect_and_send = [] {
    ::alarm(10);
    auto const full_at = abstract_name();
    auto const free_at = abstract_name();
    auto full = local::bind(full_at);
    auto free = local::bind(free_at);
    auto sender = local::bind(local::endpoint());
    sender.connect(full_at);
    fill(full_at);
    complete([&]() -> task<> {
      auto waiting = [&]() -> task<> {
        auto const outcome = co_await as_result(timeout(1s, sender.send("late")));
        if (outcome) throw std::runtime_error("the datagram was sent without a peer");
      };
      auto others = [&]() -> task<> {
        co_await sleep_for(10ms);
        sender.disconnect();
        co_await sender.sendto("free", free_at);
      };
      co_await when_all(waiting(), others());
      auto const got = co_await drain(free);
      if (got != std::vector<std::string>{"free"}) throw std::runtime_error("the datagram did not arrive");
    });
    return 0;
  };
  CHECK_NOTHROW(another_process(disconnect_and_send));
}

TEST_CASE("a send that waits for room ends when its socket is closed and sends nothing afterwards") {
  bool const is_connected = GENERATE(true, false);
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  auto sender = local::bind(local::endpoint());
  if (is_connected) sender.connect(at);
  auto const fillers = static_cast<std::size_t>(fill(at));
  complete([&]() -> task<> {
    auto close = [&]() -> task<> {
      co_await sleep_for(5ms);
      sender.close();
    };
    auto send = [&]() -> task<> {
      if (is_connected) co_await sender.send("x");
      else co_await sender.sendto("x", at);
    };
    auto const [outcome, done] = co_await when_all(as_result(send()), close());
    CHECK(outcome.error() == errc::closed);
    auto const all = co_await drain(receiver);
    CHECK(fillers_in(all) == fillers);
    CHECK(all.size() == fillers);
  });
}

TEST_CASE("a send that waits for room can be canceled or time out and sends nothing afterwards") {
  bool const is_connected = GENERATE(true, false);
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  auto sender = local::bind(local::endpoint());
  if (is_connected) sender.connect(at);
  fill(at);
  complete([&]() -> task<> {
    auto send = [&]() -> task<> {
      if (is_connected) co_await sender.send("x");
      else co_await sender.sendto("x", at);
    };
    cancel_scope scope;
    auto const [none, done] = co_await when_all(scope.run(send), cancel_soon(scope));
    CHECK_FALSE(none);
    auto const late = co_await as_result(timeout(5ms, send()));
    CHECK(late.error() == std::errc::timed_out);
    auto const held = co_await drain(receiver);
    CHECK(fillers_in(held) == held.size());
    co_await sleep_for(60ms);  // longer than the delay before the next attempt
    auto const more = co_await drain(receiver);
    CHECK(more.empty());
    co_await send();  // the socket is still usable
    auto const then = co_await drain(receiver);
    CHECK(then == std::vector<std::string>{"x"});
  });
}

TEST_CASE("a local batch that is canceled while it waits for room reports the datagrams sent") {
  bool const is_connected = GENERATE(true, false);
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  auto sender = local::bind(local::endpoint());
  if (is_connected) sender.connect(at);
  std::vector<local::datagram> datagrams;
  for (int i = 0; i != 1000; ++i) datagrams.push_back({"x", is_connected ? local::endpoint() : at});
  complete([&]() -> task<> {
    std::size_t sent = 0;
    cancel_scope scope;
    auto send = [&]() -> task<> { sent = co_await moved_by(sender.send_batch(datagrams)); };
    co_await when_all(scope.run(send), cancel_soon(scope));
    auto const arrived = co_await drain(receiver);
    CHECK(arrived.size() == sent);
    CHECK(sent > 0);
    CHECK(sent < 1000);
  });
}

TEST_CASE("a send that waits for room fails when the receiver is closed") {
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  auto sender = local::bind(local::endpoint());
  bool const is_connected = GENERATE(true, false);
  if (is_connected) sender.connect(at);
  fill(at);
  complete([&]() -> task<> {
    auto send = [&]() -> task<> {
      if (is_connected) co_await sender.send("x");
      else co_await sender.sendto("x", at);
    };
    auto close = [&]() -> task<> {
      co_await sleep_for(5ms);
      receiver.close();
    };
    auto const [outcome, done] = co_await when_all(as_result(timeout(5s, send())), close());
    CHECK(outcome.error() == std::errc::connection_refused);
  });
}
