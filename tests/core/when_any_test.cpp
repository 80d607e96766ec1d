// when_any: runs tasks concurrently until the first one completes, and loses no value.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/run.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_any.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

template <class T>
task<T> return_after(int turn_count, T value) {
  co_await turns(turn_count);
  co_return value;
}

task<int> return_in_spite_of_cancel(int value) {
  try {
    co_await forever();
  } catch (canceled const&) {}
  co_return value;
}

task<> wait_and_clean_up(std::vector<std::string>& events) {
  try {
    co_await forever();
  } catch (canceled const&) {}
  co_await shield(turns(5));
  events.push_back("loser cleaned up");
}

task<int> fail_after(int turn_count) {
  co_await turns(turn_count);
  throw std::runtime_error("out of luck");
}

}  // namespace

TEST_CASE("when_any returns the value of the first task that completes") {
  run([]() -> task<> {
    auto const [number, text] = co_await when_any(return_after(9, 42), return_after(2, std::string("text")));
    CHECK_FALSE(number.has_value());
    CHECK(text == "text");
  });
}

TEST_CASE("when_any reports which task completed even if the tasks have no values") {
  run([]() -> task<> {
    auto const [first, second] = co_await when_any(forever(), turns(2));
    CHECK_FALSE(first.has_value());
    CHECK(second.has_value());
  });
}

TEST_CASE("when_any cancels the losing tasks and waits for them") {
  std::vector<std::string> events;
  run([&]() -> task<> {
    co_await when_any(turns(2), wait_and_clean_up(events));
    events.push_back("when_any done");
  });
  CHECK(events == std::vector<std::string>{"loser cleaned up", "when_any done"});
}

TEST_CASE("when both tasks complete in the same turn, when_any returns both values") {
  run([]() -> task<> {
    auto const [first, second] = co_await when_any(return_after(2, 1), return_after(2, 2));
    CHECK(first == 1);
    CHECK(second == 2);
  });
}

TEST_CASE("the value of a losing task that completes in spite of the cancel is delivered") {
  run([]() -> task<> {
    auto const [first, second] = co_await when_any(return_after(2, 1), return_in_spite_of_cancel(2));
    CHECK(first == 1);
    CHECK(second == 2);
  });
}

TEST_CASE("when_any returns move-only values") {
  run([]() -> task<> {
    auto [winner, loser] = co_await when_any(return_after(1, std::make_unique<int>(1)), forever());
    CHECK(**winner == 1);
    CHECK_FALSE(loser.has_value());
  });
}

TEST_CASE("when_any of a vector returns outcomes in the same order") {
  run([]() -> task<> {
    std::vector<task<int>> tasks;
    for (int i = 0; i != 5; ++i) tasks.push_back(return_after(i == 3 ? 1 : 9, i));
    auto const outcomes = co_await when_any(std::move(tasks));
    std::vector<std::optional<int>> const values(outcomes.begin(), outcomes.end());
    CHECK(values == std::vector<std::optional<int>>{{}, {}, {}, 3, {}});
  });
}

TEST_CASE("when_any of a vector of tasks without values reports which one completed") {
  run([]() -> task<> {
    std::vector<task<>> tasks;
    tasks.push_back(turns(9));
    tasks.push_back(turns(1));
    auto const values = co_await when_any(std::move(tasks));
    CHECK_FALSE(values[0].has_value());
    CHECK(values[1].has_value());
  });
}

TEST_CASE("when_any of an empty vector returns an empty vector") {
  run([]() -> task<> {
    auto const values = co_await when_any(std::vector<task<int>>());
    CHECK(values.empty());
  });
}

TEST_CASE("when a task of when_any fails first, the others are canceled and its exception is rethrown") {
  std::vector<std::string> events;
  CHECK_THROWS_WITH(run(when_any(fail_after(2), wait_and_clean_up(events))), "out of luck");
  CHECK(events == std::vector<std::string>{"loser cleaned up"});
}

TEST_CASE("when_any is not canceled by its own cancel of the losing tasks") {
  run([]() -> task<> {
    co_await when_any(turns(1), forever());
    co_await yield();
  });
}

TEST_CASE("a cancel from outside ends when_any with canceled if no task has completed") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const values = co_await scope.run(when_any(forever(), forever()));
    CHECK_FALSE(values.has_value());
    auto const none = co_await scope.run(when_any(std::vector<task<int>>()));
    CHECK(none.has_value());
  });
}

TEST_CASE("on a cancel from outside, when_any keeps every value that a task has returned") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const values = co_await scope.run(when_any(return_in_spite_of_cancel(42), forever()));
    CHECK(values.has_value());
    CHECK(std::get<0>(*values) == 42);

    std::vector<task<int>> tasks;
    tasks.push_back(return_after(1, 0));
    tasks.push_back(return_in_spite_of_cancel(42));
    auto const vector = co_await scope.run(when_any(std::move(tasks)));
    CHECK(vector.has_value());
    CHECK(vector->at(1) == 42);
  });
}

TEST_CASE("a timeout around when_any loses no value") {
  run([]() -> task<> {
    auto const [value, other] =
        co_await timeout(std::chrono::milliseconds(1), when_any(return_in_spite_of_cancel(42), forever()));
    CHECK(value == 42);
    CHECK_FALSE(other.has_value());
  });
}

TEST_CASE("when one task returns a value and another fails in the same turn, when_any returns both outcomes") {
  run([]() -> task<> {
    auto const [value, failed] = co_await when_any(return_after(2, 42), fail_after(2));
    CHECK(value == 42);
    CHECK_FALSE(failed.has_value());
    CHECK(describe(failed.failure()) == "out of luck");
    CHECK_THROWS_WITH(failed.value(), "out of luck");
    auto const [failed_first, late] = co_await when_any(fail_after(2), return_after(2, 42));
    CHECK(late == 42);
    CHECK(describe(failed_first.failure()) == "out of luck");
  });
}

TEST_CASE("when_any returns the first value even if a losing task fails while it cleans up") {
  run([]() -> task<> {
    auto const fail_when_canceled = []() -> task<> {
      bool is_over = false;
      try {
        co_await forever();
      } catch (canceled const&) {
        is_over = true;
      }
      if (is_over) co_await shield(turns(2));
      throw std::runtime_error("failed to clean up");
    };
    auto const [value, failed] = co_await when_any(return_after(2, std::make_unique<int>(42)), fail_when_canceled());
    CHECK(**value == 42);
    CHECK(describe(failed.failure()) == "failed to clean up");
  });
}

TEST_CASE("when_any of a vector returns a value and a failure from the same turn") {
  run([]() -> task<> {
    std::vector<task<int>> tasks;
    tasks.push_back(fail_after(2));
    tasks.push_back(return_after(2, 42));
    auto const outcomes = co_await when_any(std::move(tasks));
    CHECK(outcomes[1] == 42);
    CHECK(describe(outcomes[0].failure()) == "out of luck");
  });
}

TEST_CASE("when_any with several failures and no value throws all of them") {
  try {
    run(when_any(fail_after(2), forever(), fail_after(2)));
    FAIL("nothing was thrown");
  } catch (multiple_errors const& e) {
    CHECK(e.size() == 2);
  }
}

TEST_CASE("a losing task of when_any has no failure, and its canceled exception reports the bytes transferred") {
  run([]() -> task<> {
    auto const move_some = []() -> task<> {
      bool is_over = false;
      try {
        co_await forever();
      } catch (canceled const&) {
        is_over = true;
      }
      if (is_over) throw canceled(5);
    };
    auto const [first, loser] = co_await when_any(turns(1), move_some());
    CHECK(first.has_value());
    CHECK_FALSE(loser.has_value());
    CHECK(loser.is_canceled());
    CHECK_FALSE(loser.failure());
    std::size_t transferred = 0;
    try {
      static_cast<void>(loser.value());
    } catch (canceled const& c) {
      transferred = c.transferred();
    }
    CHECK(transferred == 5);
  });
}

TEST_CASE("an outcome of when_any converts to an optional") {
  run([]() -> task<> {
    auto [value, none] = co_await when_any(return_after(1, std::make_unique<int>(42)), return_after(99, 0));
    std::optional<std::unique_ptr<int>> kept;
    kept = std::move(value);
    CHECK(**kept == 42);
    CHECK(none.value_or(7) == 7);
  });
}

TEST_CASE("a losing task without a value that ends normally does not hide the first task's failure") {
  auto const end_when_canceled = []() -> task<> {
    try {
      co_await forever();
    } catch (canceled const&) {}
  };
  CHECK_THROWS_WITH(run(when_any(fail_after(2), end_when_canceled())), "out of luck");
  run([&]() -> task<> {
    auto const [first, failed] = co_await when_any(turns(2), fail_after(2));
    CHECK(first.has_value());
    CHECK(failed.failure());
  });
}
