// mutex: one owner at a time; waiting tasks are served in the order in which they arrived.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/as_result.hpp>
#include <strait/core/mutex.hpp>
#include <strait/core/run.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_any.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<> lock_and_note(mutex& what, trace& events, std::string name) {
  auto const guard = co_await what.lock();
  events.push_back(std::move(name));
}

task<> hold_until(mutex& what, gate& until) {
  auto const guard = co_await what.lock();
  co_await until.opened();
}

}  // namespace

TEST_CASE("a free mutex is locked at once and is free again when its guard is destroyed") {
  run([]() -> task<> {
    mutex m;
    {
      auto const guard = co_await m.lock();
      CHECK(guard);
      CHECK(m.is_locked());
    }
    CHECK_FALSE(m.is_locked());
  });
}

TEST_CASE("a mutex keeps other tasks out across awaits") {
  int inside = 0;
  int most_inside = 0;
  run([&]() -> task<> {
    mutex m;
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 5; ++i)
        group.spawn([&]() -> task<> {
          auto const guard = co_await m.lock();
          most_inside = std::max(most_inside, ++inside);
          co_await turns(3);
          --inside;
        });
      co_return;
    });
  });
  CHECK(most_inside == 1);
}

TEST_CASE("waiting tasks get the mutex in the order in which they arrived") {
  trace events;
  run([&]() -> task<> {
    mutex m;
    gate go;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(hold_until(m, go));
      for (auto const* name : {"a", "b", "c"}) group.spawn(lock_and_note(m, events, name));
      co_await turns(3);
      go.open();
    });
  });
  CHECK(events == trace{"a", "b", "c"});
}

TEST_CASE("an unlocked mutex goes to the first waiting task, and no other task can take it in between") {
  trace events;
  run([&]() -> task<> {
    mutex m;
    co_await with_task_group([&](task_group& group) -> task<> {
      auto guard = co_await m.lock();
      group.spawn(lock_and_note(m, events, "waits"));
      co_await turns(2);
      guard.unlock();
      CHECK(m.is_locked());
      CHECK_FALSE(m.try_lock());
      auto const again = co_await m.lock();
      events.push_back("comes later");
    });
  });
  CHECK(events == trace{"waits", "comes later"});
}

TEST_CASE("try_lock returns an empty guard while another task holds the mutex") {
  mutex m;
  auto first = m.try_lock();
  CHECK(first);
  CHECK_FALSE(m.try_lock());
  first.unlock();
  CHECK(m.try_lock());
}

TEST_CASE("a guard that is moved unlocks once") {
  mutex m;
  mutex other;
  {
    auto first = m.try_lock();
    mutex::guard second = std::move(first);
    CHECK(m.is_locked());
    second = other.try_lock();
    CHECK_FALSE(m.is_locked());
    CHECK(other.is_locked());
  }
  CHECK_FALSE(other.is_locked());
}

TEST_CASE("a cancel ends one wait for a mutex and the tasks behind it continue to wait") {
  trace events;
  run([&]() -> task<> {
    mutex m;
    gate go;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(hold_until(m, go));
      co_await turns(2);
      bool const locked = co_await run_and_cancel([&] { return lock_and_note(m, events, "canceled"); });
      CHECK_FALSE(locked);
      group.spawn(lock_and_note(m, events, "behind"));
      co_await turns(2);
      go.open();
    });
    CHECK_FALSE(m.is_locked());
  });
  CHECK(events == trace{"behind"});
}

TEST_CASE("a lock that begins in a canceled scope ends at once and leaves the mutex free") {
  run([]() -> task<> {
    mutex m;
    cancel_scope scope;
    scope.cancel();
    auto const guard = co_await scope.run(m.lock());
    CHECK_FALSE(guard.has_value());
    CHECK_FALSE(m.is_locked());
  });
}

TEST_CASE("a task that is handed the mutex in the turn in which it is canceled gets it") {
  run([]() -> task<> {
    mutex m;
    cancel_scope scope;
    co_await with_task_group([&](task_group& group) -> task<> {
      auto guard = co_await m.lock();
      group.spawn([&]() -> task<> {
        auto const given = co_await scope.run(m.lock());
        CHECK(given.has_value());
        CHECK(m.is_locked());
      });
      co_await turns(2);
      guard.unlock();
      scope.cancel();
    });
    CHECK_FALSE(m.is_locked());
  });
}

TEST_CASE("a timeout ends the wait for a mutex and the mutex can be locked afterwards") {
  run([]() -> task<> {
    mutex m;
    {
      auto const guard = co_await m.lock();
      auto const late = co_await as_result(timeout(std::chrono::milliseconds(1), m.lock()));
      CHECK(late.error() == errc::timed_out);
    }
    CHECK(m.try_lock());
  });
}

TEST_CASE("when_any of two mutexes that are both handed over returns both guards") {
  run([]() -> task<> {
    mutex a;
    mutex b;
    co_await with_task_group([&](task_group& group) -> task<> {
      auto a_held = co_await a.lock();
      auto b_held = co_await b.lock();
      group.spawn([&]() -> task<> {
        co_await turns(3);
        a_held.unlock();
        b_held.unlock();
      });
      auto const [first, second] = co_await when_any(a.lock(), b.lock());
      CHECK(first.has_value());
      CHECK(second.has_value());
    });
    CHECK_FALSE(a.is_locked());
    CHECK_FALSE(b.is_locked());
  });
}

TEST_CASE("a task that is destroyed while it waits for a mutex is removed from the queue") {
  event_loop loop;
  trace events;
  mutex m;
  loop.run([&]() -> task<> {
    auto guard = co_await m.lock();
    {
      background_task<void> const dropped(loop, lock_and_note(m, events, "dropped"));
      co_await turns(2);
    }
    guard.unlock();
    CHECK_FALSE(m.is_locked());
  });
  CHECK(events.empty());
}

TEST_CASE("a task that is destroyed after it was handed a mutex passes it on to the next task") {
  event_loop loop;
  trace events;
  mutex m;
  loop.run([&]() -> task<> {
    auto guard = co_await m.lock();
    co_await with_task_group([&](task_group& group) -> task<> {
      {
        background_task<void> const dropped(loop, lock_and_note(m, events, "dropped"));
        co_await turns(2);
        group.spawn(lock_and_note(m, events, "behind"));
        co_await turns(2);
        guard.unlock();
      }
      co_return;
    });
    CHECK_FALSE(m.is_locked());
  });
  CHECK(events == trace{"behind"});
}

TEST_CASE("destroying a mutex ends the waiting tasks with errc::closed, also one that was just handed the mutex") {
  run([]() -> task<> {
    std::optional<mutex> m(std::in_place);
    int ended = 0;
    auto const lock = [&]() -> task<> {
      auto const outcome = co_await as_result(m->lock());
      CHECK(outcome.error() == errc::closed);
      CHECK(outcome.message() == "lock a mutex: closed on this side");
      ++ended;
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      auto guard = co_await m->lock();
      group.spawn(lock());
      group.spawn(lock());
      co_await turns(2);
      guard.unlock();
      m.reset();
    });
    CHECK(ended == 2);
  });
}

TEST_CASE("a task that locks and unlocks a mutex in a loop does not starve other tasks") {
  run([]() -> task<> {
    mutex m;
    auto lock_in_a_loop = [&]() -> task<> {
      for (;;) auto const guard = co_await m.lock();
    };
    auto const [starving, others] = co_await when_any(lock_in_a_loop(), turns(10));
    CHECK(others.has_value());
    CHECK_FALSE(m.is_locked());
  });
}
