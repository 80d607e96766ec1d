// sleep_for, sleep_until, yield: duration, order, fairness.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/run.hpp>
#include <strait/core/sleep.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;
using namespace std::chrono_literals;

TEST_CASE("sleep_for waits for its duration and not much longer") {
  run([]() -> task<> {
    auto const begin = clock::now();
    co_await sleep_for(30ms);
    auto const slept = clock::now() - begin;
    CHECK(slept >= 30ms);
    CHECK(slept < 20s);
  });
}

TEST_CASE("sleep_until waits until its time point") {
  run([]() -> task<> {
    auto const when = clock::now() + 20ms;
    co_await sleep_until(when);
    CHECK(clock::now() >= when);
  });
}

TEST_CASE("sleep_for counts from its call") {
  run([]() -> task<> {
    auto const begin = clock::now();
    auto const nap = sleep_for(30ms);
    co_await sleep_for(20ms);
    co_await nap;
    auto const slept = clock::now() - begin;
    CHECK(slept >= 30ms);
  });
}

TEST_CASE("a sleep until a time in the past completes") {
  run([]() -> task<> {
    co_await sleep_until(clock::now() - 1h);
    co_await sleep_until(clock::time_point::min());
    co_await sleep_for(0s);
    co_await sleep_for(-1h);
  });
}

TEST_CASE("sleep_for accepts durations of any unit and length") {
  run([]() -> task<> {
    co_await sleep_for(std::chrono::duration<double>(0.001));
    co_await sleep_for(std::chrono::hours::min());
    cancel_scope scope;
    scope.cancel();
    co_await scope.run(sleep_for(std::chrono::hours::max()));
  });
}

TEST_CASE("sleepers wake in the order of their deadlines") {
  constexpr int count = 1'000;
  std::vector<int> woken;
  run([&]() -> task<> {
    auto const begin = clock::now();
    auto const sleeper = [&](int number) -> task<> {
      co_await sleep_until(begin + number * 20us);
      woken.push_back(number);
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != count; ++i) group.spawn(sleeper(i * 377 % count));  // in scrambled order
      co_return;
    });
  });
  CHECK(woken.size() == count);
  // Tasks whose deadline has passed when they begin to sleep wake in the order of their calls. They cannot be told
  // apart here, so only the others are checked.
  auto const on_time = std::find(woken.begin(), woken.end(), count - 1);
  CHECK(on_time != woken.end());
}

TEST_CASE("sleepers whose deadlines pass while the loop is busy wake in the order of their deadlines") {
  std::vector<int> woken;
  run([&]() -> task<> {
    auto const begin = clock::now() + 5ms;
    auto const sleeper = [&](int number) -> task<> {
      co_await sleep_until(begin + number * 1us);
      woken.push_back(number);
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int const number : {5, 2, 9, 1, 7, 3, 8, 0, 6, 4}) group.spawn(sleeper(number));
      co_await yield();
      while (clock::now() < begin + 1ms) {}
    });
  });
  CHECK(std::is_sorted(woken.begin(), woken.end()));
  CHECK(woken.size() == 10);
}

TEST_CASE("a sleeper that is canceled wakes at once and the others continue to sleep") {
  run([]() -> task<> {
    std::vector<std::string> woken;
    cancel_scope scope;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await sleep_for(20ms);
        woken.push_back("sleeper");
      });
      group.spawn([&]() -> task<> {
        co_await scope.run(sleep_for(1h));
        woken.push_back("canceled");
      });
      co_await turns(2);
      scope.cancel();
    });
    CHECK(woken == std::vector<std::string>{"canceled", "sleeper"});
  });
}

TEST_CASE("a thousand sleepers can be canceled in any order") {
  constexpr std::size_t count = 1'000;
  std::size_t woken = 0;
  run([&]() -> task<> {
    std::vector<cancel_scope> scopes(count);
    auto const sleeper = [&](cancel_scope& scope, std::size_t number) -> task<> {
      co_await scope.run(sleep_for(1h + number * 1s));
      ++woken;
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i != count; ++i) group.spawn(sleeper(scopes[i], i));
      co_await turns(2);
      for (std::size_t i = 0; i != count; ++i) scopes[i * 377 % count].cancel();
    });
  });
  CHECK(woken == count);
}

TEST_CASE("tasks that yield take turns") {
  std::string order;
  run([&]() -> task<> {
    auto const player = [&](char name) -> task<> {
      for (int i = 0; i != 3; ++i) {
        order += name;
        co_await yield();
      }
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(player('a'));
      group.spawn(player('b'));
      co_return;
    });
  });
  CHECK(order == "ababab");
}

TEST_CASE("a task that yields in a loop starves neither sleepers nor posted functions") {
  run([]() -> task<> {
    bool slept = false;
    bool posted = false;
    event_loop& loop = co_await current_loop();
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await sleep_for(5ms);
        slept = true;
      });
      loop.post([&] { posted = true; });
      while (!slept || !posted) co_await yield();
    });
  });
}

TEST_CASE("a million yields do not grow the stack") {
  constexpr int count = is_sanitized ? 100'000 : 1'000'000;
  run(turns(count));
}
