// when_all: runs tasks concurrently and waits for all of them.
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <strait/core/run.hpp>
#include <strait/core/stop_token.hpp>
#include <strait/core/when_all.hpp>

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

task<> fail_after(int turn_count) {
  co_await turns(turn_count);
  throw std::runtime_error("out of luck");
}

task<> note_cancel(int& canceled_ones) {
  try {
    co_await forever();
  } catch (canceled const&) {
    ++canceled_ones;
    throw;
  }
}

}  // namespace

TEST_CASE("when_all returns all values in the order of its arguments") {
  run([]() -> task<> {
    auto [number, text] = co_await when_all(return_after(3, 42), return_after(1, std::string("text")));
    CHECK(number == 42);
    CHECK(text == "text");
  });
}

TEST_CASE("when_all runs its tasks concurrently") {
  std::string order;
  run([&]() -> task<> {
    auto const player = [&](char name) -> task<> {
      for (int i = 0; i != 3; ++i) {
        order += name;
        co_await yield();
      }
    };
    co_await when_all(player('a'), player('b'));
  });
  CHECK(order == "ababab");
}

TEST_CASE("when_all returns no value for a task without a value") {
  run([]() -> task<> {
    auto const values = co_await when_all(turns(1), return_after(1, 42), yield());
    STATIC_REQUIRE(std::is_same_v<std::remove_const_t<decltype(values)>, std::tuple<void_value, int, void_value>>);
    CHECK(std::get<1>(values) == 42);
  });
}

TEST_CASE("when_all without arguments completes") {
  run([]() -> task<> { co_await when_all(); });
}

TEST_CASE("when_all returns move-only values") {
  run([]() -> task<> {
    auto [first, second] =
        co_await when_all(return_after(1, std::make_unique<int>(1)), return_after(2, std::make_unique<int>(2)));
    CHECK(*first == 1);
    CHECK(*second == 2);
  });
}

TEST_CASE("when_all of a vector returns a vector of the values in the same order") {
  run([]() -> task<> {
    std::vector<task<int>> tasks;
    for (int i = 0; i != 5; ++i) tasks.push_back(return_after(5 - i, i));
    std::vector<int> const values = co_await when_all(std::move(tasks));
    CHECK(values == std::vector<int>{0, 1, 2, 3, 4});
  });
}

TEST_CASE("when_all of a vector of tasks without values waits for all of them") {
  int ended = 0;
  run([&]() -> task<> {
    auto const work = [&](int turn_count) -> task<> {
      co_await turns(turn_count);
      ++ended;
    };
    std::vector<task<>> tasks;
    for (int i = 0; i != 5; ++i) tasks.push_back(work(i));
    co_await when_all(std::move(tasks));
    CHECK(ended == 5);
  });
}

TEST_CASE("when_all of an empty vector returns an empty vector") {
  run([]() -> task<> {
    std::vector<int> const values = co_await when_all(std::vector<task<int>>());
    CHECK(values.empty());
    co_await when_all(std::vector<task<>>());
  });
}

TEST_CASE("when a task of when_all fails, the others are canceled and its exception is rethrown") {
  int canceled_ones = 0;
  CHECK_THROWS_WITH(run(when_all(note_cancel(canceled_ones), fail_after(2), note_cancel(canceled_ones))),
                    "out of luck");
  CHECK(canceled_ones == 2);

  std::vector<task<>> tasks;
  tasks.push_back(note_cancel(canceled_ones));
  tasks.push_back(fail_after(2));
  CHECK_THROWS_WITH(run(when_all(std::move(tasks))), "out of luck");
  CHECK(canceled_ones == 3);
}

TEST_CASE("a cancel from outside ends all tasks of when_all") {
  int canceled_ones = 0;
  run([&]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const values = co_await scope.run(when_all(note_cancel(canceled_ones), note_cancel(canceled_ones)));
    CHECK_FALSE(values.has_value());
  });
  CHECK(canceled_ones == 2);
}

TEST_CASE("when_all returns the values if all tasks complete in spite of a cancel") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const values = co_await scope.run(when_all(shield(return_after(2, 1)), shield(return_after(3, 2))));
    CHECK(values == std::tuple<int, int>(1, 2));
  });
}

TEST_CASE("when a task of when_all ends with canceled, so does when_all") {
  std::stop_source source;
  source.request_stop();
  int canceled_ones = 0;
  CHECK_THROWS_AS(run(when_all(cancel_on(source.get_token(), forever()), note_cancel(canceled_ones))), canceled);
  CHECK(canceled_ones == 1);
}

TEST_CASE("when_all_settled returns all values and all failures, and cancels no task") {
  run([]() -> task<> {
    auto const [late, failed, early] =
        co_await when_all_settled(return_after(9, 42), fail_after(2), return_after(1, std::make_unique<int>(1)));
    CHECK(late == 42);
    CHECK(**early == 1);
    CHECK_FALSE(failed.has_value());
    CHECK_FALSE(failed.is_canceled());
    CHECK_THROWS_WITH(failed.value(), "out of luck");
    CHECK_THROWS_WITH(std::rethrow_exception(failed.failure()), "out of luck");
  });
}

TEST_CASE("when_all_settled of a vector returns the outcomes in the same order") {
  run([]() -> task<> {
    std::vector<task<int>> tasks;
    tasks.push_back(return_after(3, 1));
    auto const fail = []() -> task<int> {
      co_await yield();
      throw std::runtime_error("out of luck");
    };
    tasks.push_back(fail());
    tasks.push_back(return_after(1, 3));
    auto const outcomes = co_await when_all_settled(std::move(tasks));
    CHECK(outcomes.size() == 3);
    CHECK(outcomes[0] == 1);
    CHECK(outcomes[1].failure());
    CHECK(outcomes[2] == 3);
  });
}

TEST_CASE("on a cancel from outside, when_all_settled keeps every value, and ends with canceled if there is none") {
  run([]() -> task<> {
    auto const return_in_spite_of_cancel = []() -> task<int> {
      try {
        co_await forever();
      } catch (canceled const&) {}
      co_return 42;
    };
    cancel_scope scope;
    scope.cancel();
    auto const outcomes = co_await scope.run(when_all_settled(return_in_spite_of_cancel(), forever()));
    CHECK(outcomes.has_value());
    CHECK(std::get<0>(*outcomes) == 42);
    CHECK(std::get<1>(*outcomes).is_canceled());
    auto const none = co_await scope.run(when_all_settled(forever(), forever()));
    CHECK_FALSE(none.has_value());
    std::vector<task<int>> nothing_to_do;
    auto const empty = co_await scope.run(when_all_settled(std::move(nothing_to_do)));
    CHECK(empty.has_value());
  });
}
