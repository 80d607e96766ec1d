// event: waiting tasks resume when it is set.
#include <optional>
#include <string>
#include <vector>

#include <strait/core/as_result.hpp>
#include <strait/core/event.hpp>
#include <strait/core/run.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_any.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<> wait_and_note(event& what, trace& events, std::string name) {
  co_await what.wait();
  events.push_back(std::move(name));
}

}  // namespace

TEST_CASE("a wait for an event that is set completes at once") {
  run([]() -> task<> {
    event ready;
    ready.set();
    CHECK(ready.is_set());
    bool another_had_a_turn = false;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        another_had_a_turn = true;
        co_return;
      });
      co_await ready.wait();
      CHECK_FALSE(another_had_a_turn);
    });
  });
}

TEST_CASE("set resumes all waiting tasks in the order in which they arrived") {
  trace events;
  run([&]() -> task<> {
    event ready;
    co_await with_task_group([&](task_group& group) -> task<> {
      for (auto const* name : {"a", "b", "c"}) group.spawn(wait_and_note(ready, events, name));
      co_await turns(3);
      CHECK(events.empty());
      ready.set();
    });
  });
  CHECK(events == trace{"a", "b", "c"});
}

TEST_CASE("a waiting task resumes after a set even if a reset follows at once") {
  trace events;
  run([&]() -> task<> {
    event ready;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(wait_and_note(ready, events, "a"));
      co_await turns(2);
      ready.set();
      ready.reset();
      CHECK_FALSE(ready.is_set());
    });
  });
  CHECK(events == trace{"a"});
}

TEST_CASE("a wait that begins after a reset waits for the next set") {
  trace events;
  run([&]() -> task<> {
    event ready;
    ready.set();
    ready.reset();
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(wait_and_note(ready, events, "a"));
      co_await turns(3);
      CHECK(events.empty());
      ready.set();
    });
  });
}

TEST_CASE("a cancel ends one wait for an event and the other tasks continue to wait") {
  trace events;
  run([&]() -> task<> {
    event ready;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(wait_and_note(ready, events, "before"));
      co_await yield();
      bool const waited = co_await run_and_cancel([&] { return ready.wait(); });
      CHECK_FALSE(waited);
      group.spawn(wait_and_note(ready, events, "behind"));
      co_await turns(2);
      ready.set();
    });
  });
  CHECK(events == trace{"before", "behind"});
}

TEST_CASE("a wait for an event that begins in a canceled scope ends at once, whether it is set or not") {
  run([]() -> task<> {
    event ready;
    ready.set();
    cancel_scope scope;
    scope.cancel();
    bool const waited = co_await scope.run(ready.wait());
    CHECK_FALSE(waited);
  });
}

TEST_CASE("a wait that is completed in the turn in which it is canceled is not canceled") {
  run([]() -> task<> {
    event ready;
    cancel_scope scope;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        bool const done = co_await scope.run(ready.wait());
        CHECK(done);
      });
      co_await turns(2);
      ready.set();
      scope.cancel();
    });
  });
}

TEST_CASE("a timeout ends a wait for an event") {
  event never;
  CHECK_THROWS_AS(run(timeout(std::chrono::milliseconds(1), never.wait())), timed_out);
}

TEST_CASE("when_any of two events reports which were set") {
  run([]() -> task<> {
    event one;
    event other;
    event never;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await turns(3);
        one.set();
        other.set();
      });
      auto const [first, second, third] = co_await when_any(one.wait(), other.wait(), never.wait());
      CHECK(first.has_value());
      CHECK(second.has_value());
      CHECK_FALSE(third.has_value());
    });
  });
}

TEST_CASE("destroying an event ends the waits for it with errc::closed") {
  run([]() -> task<> {
    std::optional<event> ready(std::in_place);
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto const outcome = co_await as_result(ready->wait());
        CHECK(outcome.error() == errc::closed);
        CHECK(outcome.message() == "wait for an event: closed on this side");
      });
      co_await turns(2);
      ready.reset();
    });
  });
}

TEST_CASE("an event may be destroyed as soon as it is set") {
  trace events;
  run([&]() -> task<> {
    std::optional<event> ready(std::in_place);
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(wait_and_note(*ready, events, "a"));
      co_await turns(2);
      ready->set();
      ready.reset();
    });
  });
  CHECK(events == trace{"a"});
}

TEST_CASE("a task that is destroyed while it waits for an event is removed from the queue") {
  event_loop loop;
  trace events;
  event ready;
  loop.run([&]() -> task<> {
    {
      background_task<void> const dropped(loop, wait_and_note(ready, events, "dropped"));
      co_await turns(2);
    }
    {
      background_task<void> const dropped_when_set(loop, wait_and_note(ready, events, "dropped"));
      co_await turns(2);
      ready.set();
    }
    co_await turns(2);
  });
  CHECK(events.empty());
}

TEST_CASE("a task that waits in a loop for an event that is set does not starve other tasks") {
  run([]() -> task<> {
    event ready;
    ready.set();
    auto wait_in_a_loop = [&]() -> task<> {
      for (;;) co_await ready.wait();
    };
    auto const [starving, others] = co_await when_any(wait_in_a_loop(), turns(10));
    CHECK(others.has_value());
  });
}
