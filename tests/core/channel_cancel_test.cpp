// Channels of both kinds: cancellation, deadlines, destroyed tasks and fairness.
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include <strait/core/as_result.hpp>
#include <strait/core/run.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_any.hpp>

#include "catch.hpp"
#include "channel_kinds.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

template <class Channel>
task<> receive_into(Channel& from, std::optional<int>& into) {
  into = co_await from.receive();
}

template <class Channel>
task<> send_one(Channel& to, int value) {
  co_await to.send(int(value));
}

}  // namespace

TEMPLATE_TEST_CASE("a cancel ends a waiting receive and the next value goes to the next receiver", "", one_loop,
                   many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(1);
    bool const done = co_await run_and_cancel([&]() -> task<> { co_await c.receive(); });
    CHECK_FALSE(done);
    co_await c.send(1);
    co_await expect(c.receive(), 1);
  });
}

TEMPLATE_TEST_CASE("a send that is canceled keeps its value", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, std::unique_ptr<int>> c(0);
    auto value = std::make_unique<int>(1);
    bool const sent = co_await run_and_cancel([&] { return c.send(std::move(value)); });
    CHECK_FALSE(sent);
    CHECK(value);
    CHECK_FALSE(c.try_receive().has_value());
  });
}

TEMPLATE_TEST_CASE("an operation that starts in a canceled scope ends at once and transfers nothing", "", one_loop,
                   many_loops) {
  run([]() -> task<> {
    channel_of<TestType, std::unique_ptr<int>> c(2);
    CHECK(c.try_send(std::make_unique<int>(1)));
    cancel_scope scope;
    scope.cancel();
    auto value = std::make_unique<int>(2);
    bool const sent = co_await scope.run(c.send(std::move(value)));
    CHECK_FALSE(sent);
    CHECK(value);
    co_await expect(scope.run(c.receive()), std::nullopt);
    CHECK(c.size() == 1);
  });
}

TEMPLATE_TEST_CASE("a receiver that is handed a value in the turn in which it is canceled receives it", "", one_loop,
                   many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(0);
    cancel_scope scope;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto const given = co_await scope.run(c.receive());
        CHECK(given.has_value());
        CHECK(given->value() == 1);
      });
      co_await turns(2);
      CHECK(c.try_send(1));
      scope.cancel();
    });
  });
}

TEMPLATE_TEST_CASE("a sender whose value is received in the turn in which it is canceled has sent it", "", one_loop,
                   many_loops) {
  std::size_t const capacity = GENERATE(0u, 1u);
  run([&]() -> task<> {
    channel_of<TestType, int> c(capacity);
    for (std::size_t i = 0; i != capacity; ++i) CHECK(c.try_send(0));
    cancel_scope scope;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        bool const sent = co_await scope.run(c.send(1));
        CHECK(sent);
      });
      co_await turns(2);
      CHECK(c.try_receive().has_value());
      scope.cancel();
    });
  });
}

TEMPLATE_TEST_CASE("a timeout ends a waiting receive and no later value is lost", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(1);
    co_await expect_error(timeout(std::chrono::milliseconds(1), c.receive()), errc::timed_out);
    co_await c.send(1);
    co_await expect(timeout(std::chrono::hours(1), c.receive()), 1);
  });
}

TEMPLATE_TEST_CASE("a timeout ends a waiting send and the sender keeps its value", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, std::unique_ptr<int>> c(0);
    auto value = std::make_unique<int>(1);
    co_await expect_error(timeout(std::chrono::milliseconds(1), c.send(std::move(value))), errc::timed_out);
    CHECK(value);
  });
}

TEMPLATE_TEST_CASE("a value received by the losing branch of when_any is delivered as well", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> a(1);
    channel_of<TestType, int> b(1);
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await turns(3);
        CHECK(a.try_send(1));
        CHECK(b.try_send(2));
      });
      auto const [first, second] = co_await when_any(a.receive(), b.receive());
      CHECK(first.has_value());
      CHECK(first->value() == 1);
      CHECK(second.has_value());
      CHECK(second->value() == 2);
    });
  });
}

TEMPLATE_TEST_CASE("when_any takes nothing from the channel of the losing branch", "", one_loop, many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> a(1);
    channel_of<TestType, int> b(1);
    co_await a.send(1);
    auto const outcome = co_await when_any(a.receive(), b.receive());
    CHECK(std::get<0>(outcome).has_value());
    CHECK_FALSE(std::get<1>(outcome).has_value());
    CHECK(b.try_send(2));
    CHECK(b.size() == 1);
  });
}

TEMPLATE_TEST_CASE("a task that is destroyed while it waits for a channel is removed from the queue", "", one_loop,
                   many_loops) {
  event_loop loop;
  loop.run([&]() -> task<> {
    channel_of<TestType, int> c(0);
    std::optional<int> received;
    {
      background_task<void> const dropped(loop, receive_into(c, received));
      co_await turns(2);
    }
    CHECK_FALSE(c.try_send(1));
    {
      background_task<void> const dropped(loop, send_one(c, 1));
      co_await turns(2);
    }
    CHECK_FALSE(c.try_receive().has_value());
    CHECK_FALSE(received.has_value());
  });
}

TEMPLATE_TEST_CASE("a value handed to a task that is destroyed before it resumes is the next one to be received", "",
                   one_loop, many_loops) {
  std::size_t const capacity = GENERATE(0u, 1u, 3u);
  event_loop loop;
  loop.run([&]() -> task<> {
    channel_of<TestType, int> c(capacity);
    std::optional<int> received;
    {
      background_task<void> const dropped(loop, receive_into(c, received));
      co_await turns(2);
      CHECK(c.try_send(1));
      for (std::size_t i = 0; i != capacity; ++i) CHECK(c.try_send(2));
    }
    CHECK(c.size() == capacity + 1);  // one more than the capacity, since the value was returned to the channel
    CHECK_FALSE(c.try_send(3));
    CHECK(c.try_receive() == 1);
    CHECK_FALSE(c.try_send(3));
    for (std::size_t i = 0; i != capacity; ++i) CHECK(c.try_receive() == 2);
    CHECK_FALSE(c.try_receive().has_value());
  });
}

TEMPLATE_TEST_CASE("a value that was returned to the channel makes no room for a waiting sender", "", one_loop,
                   many_loops) {
  event_loop loop;
  loop.run([&]() -> task<> {
    channel_of<TestType, int> c(0);
    std::optional<int> received;
    {
      background_task<void> const dropped(loop, receive_into(c, received));
      co_await turns(2);
      CHECK(c.try_send(1));
    }
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(send_one(c, 2));
      co_await turns(2);
      CHECK(c.try_receive() == 1);
      co_await turns(2);
      CHECK(group.size() == 1);
      CHECK(c.try_receive() == 2);
    });
  });
}

TEMPLATE_TEST_CASE("a value handed to a task that is destroyed before it resumes goes to another waiting receiver", "",
                   one_loop, many_loops) {
  event_loop loop;
  loop.run([&]() -> task<> {
    channel_of<TestType, int> c(0);
    std::optional<int> dropped_received;
    std::optional<int> received;
    co_await with_task_group([&](task_group& group) -> task<> {
      {
        background_task<void> const dropped(loop, receive_into(c, dropped_received));
        co_await turns(2);
        group.spawn(receive_into(c, received));
        co_await turns(2);
        CHECK(c.try_send(1));
      }
      co_return;
    });
    CHECK(received == 1);
    CHECK_FALSE(dropped_received.has_value());
  });
}

TEMPLATE_TEST_CASE("a task that is destroyed after its value was received has sent it", "", one_loop, many_loops) {
  event_loop loop;
  loop.run([&]() -> task<> {
    channel_of<TestType, int> c(0);
    {
      background_task<void> const dropped(loop, send_one(c, 1));
      co_await turns(2);
      CHECK(c.try_receive() == 1);
    }
    CHECK_FALSE(c.try_receive().has_value());
  });
}

TEMPLATE_TEST_CASE("a task may outlive the channel that it waits for and be destroyed afterwards", "", one_loop,
                   many_loops) {
  event_loop loop;
  loop.run([&]() -> task<> {
    std::optional<channel_of<TestType, int>> c(std::in_place, 0);
    std::optional<int> received;
    background_task<void> const waits(loop, receive_into(*c, received));
    background_task<void> const has_received(loop, receive_into(*c, received));
    co_await turns(2);
    CHECK(c->try_send(1));
    c.reset();
  });
}

TEMPLATE_TEST_CASE("a task that sends and receives without ever waiting does not starve other tasks", "", one_loop,
                   many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(1);
    auto circulate = [&]() -> task<> {
      for (;;) {
        co_await c.send(1);
        co_await c.receive();
      }
    };
    auto const outcome = co_await when_any(circulate(), turns(10));
    CHECK(std::get<1>(outcome).has_value());
  });
}

TEMPLATE_TEST_CASE("a producer and a consumer that keep each other busy do not starve other tasks", "", one_loop,
                   many_loops) {
  std::size_t const capacity = GENERATE(0u, 1u, 1000u);
  int received = 0;
  run([&]() -> task<> {
    channel_of<TestType, int> c(capacity);
    auto produce = [&]() -> task<> {
      for (;;) co_await c.send(1);
    };
    auto consume = [&]() -> task<> {
      for (;; ++received) co_await c.receive();
    };
    auto const outcome = co_await when_any(produce(), consume(), turns(100));
    CHECK(std::get<2>(outcome).has_value());
  });
  CHECK(received > 0);
  CHECK(received < 100 * 100);
}

TEMPLATE_TEST_CASE("a consumer that ignores that the channel is closed does not starve other tasks", "", one_loop,
                   many_loops) {
  run([]() -> task<> {
    channel_of<TestType, int> c(1);
    c.close();
    auto consume = [&]() -> task<> {
      for (;;) co_await c.receive();
    };
    auto const outcome = co_await when_any(consume(), turns(10));
    CHECK(std::get<1>(outcome).has_value());
  });
}
