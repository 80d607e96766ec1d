// Channels of both kinds: each value that is sent is received once, in order.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/as_result.hpp>
#include <strait/core/dump_tasks.hpp>
#include <strait/core/run.hpp>
#include <strait/core/when_all.hpp>

#include "catch.hpp"
#include "channel_kinds.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

// Too long for the small-string optimisation.
std::string const text = "a text that is too long for the small string optimisation";

template <class Channel>
task<> send_numbers(Channel& to, int first, int count) {
  for (int i = 0; i != count; ++i) co_await to.send(first + i);
}

template <class Channel>
task<> receive_all(Channel& from, std::vector<int>& into) {
  while (auto const value = co_await from.receive()) into.push_back(*value);
}

std::vector<int> numbers(int count) {
  std::vector<int> all;
  for (int i = 0; i != count; ++i) all.push_back(i);
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("values are received in the order in which they were sent", "", one_loop, many_loops) {
  std::size_t const capacity = GENERATE(0u, 1u, 7u, 100u);
  std::vector<int> received;
  run([&]() -> task<> {
    channel_of<TestType, int> c(capacity);
    auto send = [&]() -> task<> {
      co_await send_numbers(c, 0, 100);
      c.close();
    };
    co_await when_all(send(), receive_all(c, received));
  });
  CHECK(received == numbers(100));
}

TEMPLATE_TEST_CASE("several tasks may send and several may receive, and each value is received once", "", one_loop,
                   many_loops) {
  std::size_t const capacity = GENERATE(0u, 1u, 7u);
  std::vector<int> received;
  run([&]() -> task<> {
    channel_of<TestType, int> c(capacity);
    co_await with_task_group([&](task_group& consumers) -> task<> {
      for (int i = 0; i != 3; ++i) consumers.spawn(receive_all(c, received));
      co_await when_all(send_numbers(c, 0, 100), send_numbers(c, 100, 100), send_numbers(c, 200, 100));
      c.close();
    });
  });
  std::sort(received.begin(), received.end());
  CHECK(received == numbers(300));
}

TEMPLATE_TEST_CASE("a send waits while the channel is full", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(2);
    int sent = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        for (; sent != 4; ++sent) co_await c.send(int(sent));
      });
      co_await turns(5);
      CHECK(sent == 2);
      CHECK(c.size() == 2);
      co_await expect(c.receive(), 0);
      co_await turns(5);
      CHECK(sent == 3);
      CHECK(c.size() == 2);
      co_await expect(c.receive(), 1);
    });
    CHECK(c.size() == 2);
  });
}

TEMPLATE_TEST_CASE("with capacity 0 a send completes when the value is received", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(0);
    CHECK(c.capacity() == 0);
    bool sent = false;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await c.send(1);
        sent = true;
      });
      co_await turns(5);
      CHECK_FALSE(sent);
      CHECK(c.size() == 0);
      co_await expect(c.receive(), 1);
    });
    CHECK(sent);
  });
}

TEMPLATE_TEST_CASE("waiting senders are served in the order in which they arrived", "", one_loop, many_loops) {
  std::size_t const capacity = GENERATE(0u, 1u);
  std::vector<int> received;
  run([&]() -> task<> {
    channel_of<TestType, int> c(capacity);
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 5; ++i) group.spawn(send_numbers(c, i, 1));
      co_await turns(3);
      for (int i = 0; i != 5; ++i) received.push_back(*co_await c.receive());
    });
  });
  CHECK(received == numbers(5));
}

TEMPLATE_TEST_CASE("waiting receivers are served in the order in which they arrived", "", one_loop, many_loops) {
  std::vector<int> received(5);
  run([&]() -> task<> {
    channel_of<TestType, int> c(1);
    co_await with_task_group([&](task_group& group) -> task<> {
      for (auto& each : received) group.spawn([&]() -> task<> { each = *co_await c.receive(); });
      co_await turns(3);
      co_await send_numbers(c, 0, 5);
    });
  });
  CHECK(received == numbers(5));
}

TEMPLATE_TEST_CASE("a later receiver does not take a value that was sent to a waiting one", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(1);
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await expect(c.receive(), 1); });
      co_await turns(2);
      co_await c.send(1);
      CHECK_FALSE(c.try_receive().has_value());
    });
  });
}

TEMPLATE_TEST_CASE("try_send and try_receive never wait", "", one_loop, many_loops) {
  channel_of<TestType, int> c(2);
  int const two = 2;
  CHECK_FALSE(c.try_receive().has_value());
  CHECK(c.try_send(1));
  CHECK(c.try_send(two));
  CHECK_FALSE(c.try_send(3));
  CHECK(c.try_receive() == 1);
  CHECK(c.try_receive() == 2);
  CHECK_FALSE(c.try_receive().has_value());
}

TEMPLATE_TEST_CASE("with capacity 0, try_send and try_receive succeed if the other side waits", "", one_loop,
                   many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(0);
    CHECK_FALSE(c.try_send(1));
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await expect(c.receive(), 2);
        co_await c.send(3);
      });
      co_await turns(2);
      CHECK(c.try_send(2));
      CHECK_FALSE(c.try_receive().has_value());
      co_await turns(2);
      CHECK(c.try_receive() == 3);
    });
  });
}

TEMPLATE_TEST_CASE("a move-only value can be sent through a channel", "", one_loop, many_loops) {
  std::size_t const capacity = GENERATE(0u, 1u);
  run([&]() -> task<> {
    channel_of<TestType, std::unique_ptr<int>> c(capacity);
    auto send = [&]() -> task<> {
      for (int i = 0; i != 3; ++i) co_await c.send(std::make_unique<int>(i));
    };
    auto receive = [&]() -> task<> {
      for (int i = 0; i != 3; ++i) co_await expect_pointer_to(c.receive(), i);
    };
    co_await when_all(send(), receive());
  });
}

TEMPLATE_TEST_CASE("a send of an lvalue sends a copy", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, std::string> c(1);
    std::string const sent = text;
    co_await c.send(sent);
    CHECK(sent == text);
    CHECK(c.try_receive() == text);
  });
}

TEMPLATE_TEST_CASE("a value that is sent by move is moved from when it is sent and not before", "", one_loop,
                   many_loops) {
  run([]() -> task<> {
    channel_of<TestType, std::unique_ptr<int>> c(0);
    auto value = std::make_unique<int>(1);
    CHECK_FALSE(c.try_send(std::move(value)));
    CHECK(value);
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await c.send(std::move(value)); });
      co_await turns(3);
      CHECK(value);
      co_await expect_pointer_to(c.receive(), 1);
      CHECK_FALSE(value);
    });
  });
}

TEMPLATE_TEST_CASE("values that remain in a channel are destroyed with it", "", one_loop, many_loops) {
  int alive = 0;
  {
    channel_of<TestType, counted> c(3);
    CHECK(c.try_send(counted(alive)));
    CHECK(c.try_receive().has_value());
    for (int i = 0; i != 3; ++i) CHECK(c.try_send(counted(alive)));  // wraps around in the ring buffer
    CHECK(alive == 3);
  }
  CHECK(alive == 0);
}

TEMPLATE_TEST_CASE("a closed channel returns its remaining values and then an empty optional", "", one_loop,
                   many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(3);
    co_await send_numbers(c, 1, 2);
    c.close();
    CHECK(c.is_closed());
    co_await expect(c.receive(), 1);
    CHECK(c.try_receive() == 2);
    co_await expect(c.receive(), std::nullopt);
    co_await expect(c.receive(), std::nullopt);
  });
}

TEMPLATE_TEST_CASE("a send on a closed channel fails with errc::closed and keeps the value", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, std::unique_ptr<int>> c(3);
    c.close();
    auto value = std::make_unique<int>(1);
    auto const outcome = co_await as_result(c.send(std::move(value)));
    CHECK(outcome.error() == errc::closed);
    CHECK(outcome.message() == "send on a channel: closed on this side");
    CHECK_FALSE(c.try_send(std::move(value)));
    CHECK(value);
  });
}

TEMPLATE_TEST_CASE("close ends waiting senders and they keep their values", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, std::unique_ptr<int>> c(1);
    CHECK(c.try_send(std::make_unique<int>(1)));
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto value = std::make_unique<int>(2);
        co_await expect_error(c.send(std::move(value)), errc::closed);
        CHECK(*value == 2);
      });
      co_await turns(2);
      c.close();
    });
    co_await expect_pointer_to(c.receive(), 1);
    co_await expect(c.receive(), std::nullopt);
  });
}

TEMPLATE_TEST_CASE("close ends waiting receivers with an empty optional", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(1);
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 2; ++i) group.spawn([&]() -> task<> { co_await expect(c.receive(), std::nullopt); });
      co_await turns(2);
      c.close();
    });
  });
}

TEMPLATE_TEST_CASE("destroying a channel ends its waiting tasks as close does", "", one_loop, many_loops) {
  run([]() -> task<> {
    std::optional<channel_of<TestType, int>> empty(std::in_place, 0);
    std::optional<channel_of<TestType, int>> full(std::in_place, 0);
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await expect(empty->receive(), std::nullopt); });
      group.spawn([&]() -> task<> { co_await expect_error(full->send(1), errc::closed); });
      co_await turns(2);
      empty.reset();
      full.reset();
    });
  });
}

TEMPLATE_TEST_CASE("a channel may be destroyed as soon as a value has been handed over", "", one_loop, many_loops) {
  run([]() -> task<> {
    std::optional<channel_of<TestType, int>> c(std::in_place, 0);
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await expect(c->receive(), 1); });
      co_await turns(2);
      CHECK(c->try_send(1));
      c.reset();
    });
  });
}

TEMPLATE_TEST_CASE("dump_tasks shows where tasks wait for a channel", "", one_loop, many_loops) {
  event_loop loop;
  channel_of<TestType, int> c(0);
  std::vector<int> received;
  background_task<void> const beside(loop, receive_all(c, received));
  loop.run(turns(2));
  CHECK_THAT(dump_tasks(loop), Catch::Matchers::ContainsSubstring("receive_all") &&
                                   Catch::Matchers::ContainsSubstring(" at channel_test.cpp:"));
}
