// task: lazy start, results, lifetime, depth.
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <strait/core/run.hpp>
#include <strait/core/task.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<int> answer() { co_return 42; }
task<> fail() {
  throw std::out_of_range("far out");
  co_return;
}

task<> note(std::vector<std::string>& trace, std::string what) {
  trace.push_back(std::move(what));
  co_return;
}

// The depth is limited by memory, and sanitizers leave less of it.
constexpr long deep = is_sanitized ? 100'000 : 1'000'000;
// AddressSanitizer makes every exception slow.
constexpr long deep_to_unwind = is_sanitized ? 20'000 : 1'000'000;

task<long> recurse(long levels) {
  if (levels == 0) co_return 0;
  co_return 1 + co_await recurse(levels - 1);
}
task<long> recurse_and_wait_at_the_bottom(long levels) {
  if (levels == 0) {
    co_await yield();
    co_return 0;
  }
  co_return 1 + co_await recurse_and_wait_at_the_bottom(levels - 1);
}
task<long> recurse_and_wait_on_the_way_up(long levels) {
  if (levels == 0) co_return 0;
  long const below = co_await recurse_and_wait_on_the_way_up(levels - 1);
  co_await yield();
  co_return below + 1;
}
task<long> recurse_and_throw(long levels, bool wait) {
  if (levels == 0) {
    if (wait) co_await yield();
    throw std::out_of_range("bottom");
  }
  co_return 1 + co_await recurse_and_throw(levels - 1, wait);
}

task<int> nested_groups(int levels, int& canceled_at_the_bottom) {
  if (levels == 0) {
    try {
      co_await forever();
    } catch (canceled const&) {
      ++canceled_at_the_bottom;
      throw;
    }
  }
  co_return co_await with_task_group(
      [&](task_group&) -> task<int> { return nested_groups(levels - 1, canceled_at_the_bottom); });
}

}  // namespace

TEST_CASE("a task does nothing before it is awaited") {
  std::vector<std::string> trace;
  run([&]() -> task<> {
    task<> later = note(trace, "task");
    trace.push_back("awaiter");
    co_await std::move(later);
    trace.push_back("awaiter again");
  });
  CHECK(trace == std::vector<std::string>{"awaiter", "task", "awaiter again"});
}

TEST_CASE("a task returns its value to the task that awaits it") {
  run([]() -> task<> {
    int const value = co_await answer();
    CHECK(value == 42);
  });
}

TEST_CASE("a task can return a move-only value") {
  auto make = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  run([&]() -> task<> {
    std::unique_ptr<int> const owner = co_await make();
    CHECK(*owner == 7);
  });
}

TEST_CASE("a task can return a reference") {
  int variable = 1;
  auto find = [&]() -> task<int&> { co_return variable; };
  run([&]() -> task<> {
    int& found = co_await find();
    found = 2;
    CHECK(&found == &variable);
  });
  CHECK(variable == 2);
  CHECK(&run(find()) == &variable);
}

TEST_CASE("a task can return a type without a default constructor") {
  struct named {
    explicit named(std::string text) : name(std::move(text)) {}
    std::string name;
  };
  auto make = []() -> task<named> { co_return named("somebody"); };
  CHECK(run(make()).name == "somebody");
}

TEST_CASE("a task can return a braced list") {
  auto make = []() -> task<std::pair<int, std::string>> { co_return {1, "one"}; };
  CHECK(run(make()) == std::pair<int, std::string>(1, "one"));
}

TEST_CASE("a task's exception propagates to the task that awaits it with its exact type") {
  run([]() -> task<> {
    bool caught = false;
    try {
      co_await fail();
    } catch (std::out_of_range const& e) {
      caught = std::string(e.what()) == "far out";
    }
    CHECK(caught);
  });
}

TEST_CASE("a task can continue after an exception of an awaited task that it has caught") {
  run([]() -> task<> {
    try {
      co_await fail();
    } catch (std::exception const&) {}
    int const value = co_await answer();
    CHECK(value == 42);
  });
}

TEST_CASE("a task can throw an object that is not a std::exception") {
  auto throw_number = []() -> task<int> {
    throw 42;
    co_return 0;
  };
  CHECK_THROWS_AS(run(throw_number()), int);
}

TEST_CASE("an exception in the construction of a task's value becomes the task's exception") {
  struct picky {
    explicit picky(int) { throw std::out_of_range("no"); }
  };
  auto make = []() -> task<picky> { co_return 1; };
  CHECK_THROWS_AS(run(make()), std::out_of_range);
}

TEST_CASE("awaiting a task twice is diagnosed") {
  run([]() -> task<> {
    task<int> work = answer();
    CHECK(static_cast<bool>(work));
    co_await std::move(work);
    CHECK_FALSE(static_cast<bool>(work));
    bool diagnosed = false;
    try {
      co_await std::move(work);
    } catch (std::logic_error const&) {
      diagnosed = true;
    }
    CHECK(diagnosed);
  });
}

TEST_CASE("running a task that has been moved from is diagnosed") {
  task<int> work = answer();
  task<int> const taken = std::move(work);
  CHECK_THROWS_AS(run(std::move(work)), std::logic_error);
}

TEST_CASE("a task can be moved but not copied") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<task<int>>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<task<int>>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<task<int>>);
  task<int> first = answer();
  task<int> second = std::move(first);
  CHECK(run(std::move(second)) == 42);
}

TEST_CASE("the result of an await has the task's type exactly") {
  STATIC_REQUIRE(std::is_same_v<await_result_t<task<int>>, int>);
  STATIC_REQUIRE(std::is_same_v<await_result_t<task<int&>>, int&>);
  STATIC_REQUIRE(std::is_same_v<await_result_t<task<>>, void>);
  STATIC_REQUIRE(awaitable<task<int>>);
  STATIC_REQUIRE_FALSE(awaitable<int>);
}

TEST_CASE("a task that is destroyed before it runs releases its arguments") {
  int alive = 0;
  bool begun = false;
  auto work = [&](counted) -> task<> {
    begun = true;
    co_return;
  };
  {
    task<> const dropped = work(counted(alive));
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
  CHECK_FALSE(begun);
}

TEST_CASE("a task's arguments and variables are destroyed when the awaiting statement has ended") {
  int alive = 0;
  auto work = [&](counted) -> task<> {
    counted const local(alive);
    co_await yield();
    CHECK(alive == 2);
  };
  run([&]() -> task<> {
    co_await work(counted(alive));
    CHECK(alive == 0);
  });
}

TEST_CASE("a task's variables are destroyed when it fails") {
  int alive = 0;
  auto work = [&](counted) -> task<> {
    counted const local(alive);
    co_await fail();
  };
  CHECK_THROWS_AS(run(work(counted(alive))), std::out_of_range);
  CHECK(alive == 0);
}

TEST_CASE("a task's value that is not used is destroyed") {
  int alive = 0;
  auto make = [&]() -> task<counted> { co_return counted(alive); };
  run([&]() -> task<> { co_await make(); });
  CHECK(alive == 0);
}

TEST_CASE("a task that is destroyed while it waits releases its resources and those of the tasks it awaits") {
  int alive = 0;
  auto innermost = [&](counted) -> task<> {
    counted const local(alive);
    co_await forever();
  };
  auto middle = [&](counted argument) -> task<> {
    counted const local(alive);
    co_await innermost(argument);
  };
  event_loop loop;
  {
    background_task<void> const dropped(loop, middle(counted(alive)));
    loop.run(turns(2));
    CHECK(alive == 4);
  }
  CHECK(alive == 0);
  loop.run(turns(2));
}

TEST_CASE("a task that is destroyed when it is about to resume does not resume") {
  bool gone_on = false;
  auto work = [&]() -> task<> {
    co_await yield();
    gone_on = true;
  };
  event_loop loop;
  {
    background_task<void> const dropped(loop, work());
    loop.run(turns(0));
  }
  loop.run(turns(3));
  CHECK_FALSE(gone_on);
}

TEST_CASE("a task that is destroyed by another task in the turn in which it would resume does not resume") {
  bool gone_on = false;
  gate go;
  auto const work = [&]() -> task<> {
    co_await go.opened();
    gone_on = true;
  };
  event_loop loop;
  auto dropped = std::make_unique<background_task<void>>(loop, work());
  auto const drop = [&]() -> task<> {
    dropped.reset();
    co_return;
  };
  loop.run([&]() -> task<> {
    co_await turns(2);
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(drop);  // this is due first,
      go.open();          // and then the other
      co_await turns(3);
    });
  });
  CHECK_FALSE(gone_on);
}

TEST_CASE("destroying a group that waits destroys its children") {
  int alive = 0;
  auto child = [&](counted) -> task<> { co_await forever(); };
  auto work = [&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 3; ++i) group.spawn(child(counted(alive)));
      co_await forever();
    });
  };
  event_loop loop;
  {
    background_task<void> const dropped(loop, work());
    loop.run(turns(3));
    CHECK(alive == 3);
  }
  CHECK(alive == 0);
}

TEST_CASE("millions of tasks that complete without waiting do not grow the stack") {
  constexpr int count = is_sanitized ? 500'000 : 5'000'000;
  auto const one = []() -> task<int> { co_return 1; };
  auto const sum = [&]() -> task<int> {
    int total = 0;
    for (int i = 0; i != count; ++i) total += co_await one();
    co_return total;
  };
  CHECK(run(sum()) == count);
}

TEST_CASE("tasks nested a million levels deep that complete without waiting do not grow the stack") {
  CHECK(run(recurse(deep)) == deep);
}

TEST_CASE("tasks nested a million levels deep of which the innermost waits do not grow the stack") {
  CHECK(run(recurse_and_wait_at_the_bottom(deep)) == deep);
}

TEST_CASE("tasks nested a million levels deep that each wait while returning do not grow the stack") {
  CHECK(run(recurse_and_wait_on_the_way_up(deep)) == deep);
}

TEST_CASE("an exception propagates up a million tasks without growing the stack") {
  CHECK_THROWS_AS(run(recurse_and_throw(deep_to_unwind, false)), std::out_of_range);
  CHECK_THROWS_AS(run(recurse_and_throw(deep_to_unwind, true)), std::out_of_range);
}

TEST_CASE("a cancel propagates up a million tasks without growing the stack") {
  auto const descend = [](auto const& self, long levels) -> task<> {
    if (levels == 0) co_await forever();
    co_await self(self, levels - 1);
  };
  cancel_scope scope;
  bool const ended = run([&]() -> task<bool> {
    co_return co_await with_task_group([&](task_group& group) -> task<bool> {
      group.spawn([&]() -> task<> {
        co_await yield();
        scope.cancel();
      });
      co_return co_await scope.run(descend(descend, deep_to_unwind));
    });
  });
  CHECK_FALSE(ended);
}

TEST_CASE("a cancel of the outermost of 20,000 nested groups reaches the innermost") {
  constexpr int levels = is_sanitized ? 2'000 : 20'000;
  int canceled_at_the_bottom = 0;
  cancel_scope scope;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await yield();
        scope.cancel();
      });
      auto const value = co_await scope.run(nested_groups(levels, canceled_at_the_bottom));
      CHECK_FALSE(value.has_value());
    });
  });
  CHECK(canceled_at_the_bottom == 1);
}
