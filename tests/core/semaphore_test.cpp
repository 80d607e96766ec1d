// semaphore: a limited number of permits; waiting tasks are served in the order in which they arrived.
#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/as_result.hpp>
#include <strait/core/run.hpp>
#include <strait/core/semaphore.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_any.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<> acquire_and_note(semaphore& from, std::size_t count, trace& events, std::string name) {
  auto const permit = co_await from.acquire(count);
  events.push_back(std::move(name));
}

}  // namespace

TEST_CASE("a semaphore grants permits at once while there are enough") {
  run([]() -> task<> {
    semaphore s(3);
    {
      auto const two = co_await s.acquire(2);
      CHECK(two.count() == 2);
      CHECK(s.available() == 1);
      auto const one = co_await s.acquire();
      CHECK(one.count() == 1);
      CHECK(s.available() == 0);
    }
    CHECK(s.available() == 3);
  });
}

TEST_CASE("tasks never hold more permits than there are") {
  int inside = 0;
  int most_inside = 0;
  run([&]() -> task<> {
    semaphore s(3);
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 10; ++i)
        group.spawn([&]() -> task<> {
          auto const permit = co_await s.acquire();
          most_inside = std::max(most_inside, ++inside);
          co_await turns(3);
          --inside;
        });
      co_return;
    });
  });
  CHECK(most_inside == 3);
}

TEST_CASE("a task that waits for many permits is not overtaken by one that wants few") {
  trace events;
  run([&]() -> task<> {
    semaphore s(3);
    co_await with_task_group([&](task_group& group) -> task<> {
      auto held = co_await s.acquire(2);
      group.spawn(acquire_and_note(s, 3, events, "many"));
      co_await turns(2);
      group.spawn(acquire_and_note(s, 1, events, "few"));
      co_await turns(2);
      CHECK(s.available() == 1);
      CHECK_FALSE(s.try_acquire());
      CHECK(events.empty());
      held.release();
    });
  });
  CHECK(events == trace{"many", "few"});
}

TEST_CASE("released permits serve as many waiting tasks as they suffice for") {
  trace events;
  run([&]() -> task<> {
    semaphore s(4);
    co_await with_task_group([&](task_group& group) -> task<> {
      auto held = co_await s.acquire(4);
      for (auto const* name : {"a", "b", "c"}) group.spawn(acquire_and_note(s, 2, events, name));
      co_await turns(2);
      held.release();
      CHECK(s.available() == 0);
    });
    CHECK(s.available() == 4);
  });
  CHECK(events == trace{"a", "b", "c"});
}

TEST_CASE("try_acquire returns an empty permit if there are not enough") {
  semaphore s(2);
  auto held = s.try_acquire(2);
  CHECK(held);
  CHECK_FALSE(s.try_acquire());
  held.release();
  CHECK(s.available() == 2);
  CHECK_FALSE(s.try_acquire(3));
  CHECK(s.try_acquire(1));
}

TEST_CASE("a permit that is moved is released once") {
  semaphore s(2);
  {
    auto first = s.try_acquire();
    semaphore::permit second = std::move(first);
    CHECK_FALSE(first);
    CHECK(s.available() == 1);
    second = s.try_acquire();
    CHECK(s.available() == 1);
  }
  CHECK(s.available() == 2);
}

TEST_CASE("acquiring more permits than the semaphore has fails at once") {
  semaphore s(2);
  CHECK_THROWS_WITH(static_cast<void>(s.acquire(3)),
                    "strait: acquiring 3 permits of a semaphore that has 2 would never complete");
}

TEST_CASE("an acquire that begins in a canceled scope ends at once and takes nothing") {
  run([]() -> task<> {
    semaphore s(1);
    cancel_scope scope;
    scope.cancel();
    auto const permit = co_await scope.run(s.acquire());
    CHECK_FALSE(permit.has_value());
    CHECK(s.available() == 1);
  });
}

TEST_CASE("when a task that waits for many permits is canceled, tasks behind it that need fewer resume") {
  trace events;
  run([&]() -> task<> {
    semaphore s(3);
    auto const held = co_await s.acquire(2);
    co_await with_task_group([&](task_group& group) -> task<> {
      cancel_scope scope;
      group.spawn([&]() -> task<> { co_await scope.run(acquire_and_note(s, 3, events, "many")); });
      co_await turns(2);
      group.spawn(acquire_and_note(s, 1, events, "few"));
      co_await turns(2);
      scope.cancel();
      co_await turns(2);
      CHECK(group.size() == 0);
    });
  });
  CHECK(events == trace{"few"});
}

TEST_CASE("a task that is handed a permit in the turn in which it is canceled gets it") {
  run([]() -> task<> {
    semaphore s(1);
    cancel_scope scope;
    co_await with_task_group([&](task_group& group) -> task<> {
      auto held = co_await s.acquire();
      group.spawn([&]() -> task<> {
        auto const given = co_await scope.run(s.acquire());
        CHECK(given.has_value());
      });
      co_await turns(2);
      held.release();
      scope.cancel();
    });
    CHECK(s.available() == 1);
  });
}

TEST_CASE("a timeout ends the wait for a permit and takes none") {
  run([]() -> task<> {
    semaphore s(1);
    {
      auto const held = co_await s.acquire();
      auto const late = co_await as_result(timeout(std::chrono::milliseconds(1), s.acquire()));
      CHECK(late.error() == errc::timed_out);
    }
    CHECK(s.available() == 1);
  });
}

TEST_CASE("when_any of two acquires returns the permits of both if both were granted") {
  run([]() -> task<> {
    semaphore s(2);
    auto const [first, second] = co_await when_any(s.acquire(), s.acquire());
    CHECK(first.has_value());
    CHECK(s.available() == 2 - first->count() - (second ? second->count() : 0));
  });
}

TEST_CASE("a task that is destroyed while it waits for permits makes way for the tasks behind it") {
  event_loop loop;
  trace events;
  semaphore s(3);
  loop.run([&]() -> task<> {
    auto const held = co_await s.acquire(2);
    co_await with_task_group([&](task_group& group) -> task<> {
      {
        background_task<void> const dropped(loop, acquire_and_note(s, 3, events, "many"));
        co_await turns(2);
        group.spawn(acquire_and_note(s, 1, events, "few"));
        co_await turns(2);
        CHECK(events.empty());
      }
      co_await turns(2);
      CHECK(group.size() == 0);
    });
  });
  CHECK(events == trace{"few"});
}

TEST_CASE("a task that is destroyed after it was handed permits releases them") {
  event_loop loop;
  trace events;
  semaphore s(2);
  loop.run([&]() -> task<> {
    auto held = co_await s.acquire(2);
    {
      background_task<void> const dropped(loop, acquire_and_note(s, 2, events, "dropped"));
      co_await turns(2);
      held.release();
      CHECK(s.available() == 0);
    }
    CHECK(s.available() == 2);
  });
  CHECK(events.empty());
}

TEST_CASE("destroying a semaphore ends the waits for it with errc::closed") {
  run([]() -> task<> {
    std::optional<semaphore> s(std::in_place, 1);
    co_await with_task_group([&](task_group& group) -> task<> {
      auto held = co_await s->acquire();
      group.spawn([&]() -> task<> {
        auto const outcome = co_await as_result(s->acquire());
        CHECK(outcome.error() == errc::closed);
        CHECK(outcome.message() == "acquire a permit: closed on this side");
      });
      co_await turns(2);
      held.release();
      s.reset();
    });
  });
}

TEST_CASE("a task that acquires and releases in a loop does not starve other tasks") {
  run([]() -> task<> {
    semaphore s(1);
    auto acquire_in_a_loop = [&]() -> task<> {
      for (;;) auto const permit = co_await s.acquire();
    };
    auto const [starving, others] = co_await when_any(acquire_in_a_loop(), turns(10));
    CHECK(others.has_value());
    CHECK(s.available() == 1);
  });
}
