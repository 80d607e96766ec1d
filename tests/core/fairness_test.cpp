// Fairness: however many awaits complete without waiting, other tasks get their turns.
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

#include <strait/core/as_result.hpp>
#include <strait/core/channel.hpp>
#include <strait/core/cross_loop_channel.hpp>
#include <strait/core/event.hpp>
#include <strait/core/mutex.hpp>
#include <strait/core/run.hpp>
#include <strait/core/semaphore.hpp>
#include <strait/core/thread_pool.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_all.hpp>
#include <strait/core/when_any.hpp>

#include "catch.hpp"
#include "rounds.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;
using namespace std::chrono_literals;

namespace {

task<> nothing_to_do() { co_return; }
task<int> ready() { co_return 42; }
task<> fail() {
  throw std::runtime_error("out of luck");
  co_return;
}

}  // namespace

TEST_CASE("tasks that complete without waiting let other tasks run") {
  CHECK(rounds_beside_another_task(nothing_to_do) < enough);
  CHECK(rounds_beside_another_task([] { return as_result(ready()); }) < enough);
}

TEST_CASE("tasks that fail without waiting let other tasks run sooner") {
  CHECK(rounds_beside_another_task(fail) < enough / 10);
  CHECK(rounds_beside_another_task([] { return with_task_group([](task_group&) -> task<> { return fail(); }); }) <
        enough / 10);
}

TEST_CASE("groups without children let other tasks run") {
  CHECK(rounds_beside_another_task([] { return with_task_group([](task_group&) -> task<> { co_return; }); }) < enough);
}

TEST_CASE("when_all and when_any of ready tasks let other tasks run") {
  CHECK(rounds_beside_another_task([] { return when_all(ready(), nothing_to_do()); }) < enough);
  CHECK(rounds_beside_another_task([] { return when_all(std::vector<task<>>()); }) < enough);
  CHECK(rounds_beside_another_task([] { return when_all_settled(std::vector<task<>>()); }) < enough);
  CHECK(rounds_beside_another_task([] { return when_any(std::vector<task<>>()); }) < enough);
}

TEST_CASE("timeouts and scopes around ready tasks let other tasks run") {
  CHECK(rounds_beside_another_task([] { return timeout(1h, ready()); }) < enough);
  CHECK(rounds_beside_another_task([] { return shield(ready()); }) < enough);
  cancel_scope scope;
  CHECK(rounds_beside_another_task([&] { return scope.run(ready()); }) < enough);
}

TEST_CASE("awaiting current_loop lets other tasks run") {
  CHECK(rounds_beside_another_task([] { return current_loop(); }) < enough);
}

TEST_CASE("sleeping for no time lets other tasks run") {
  CHECK(rounds_beside_another_task([] { return sleep_for(0s); }) < enough);
  CHECK(rounds_beside_another_task([] { return sleep_for(-1s); }) < enough);
}

TEST_CASE("a task that catches every cancellation in a loop lets other tasks run") {
  channel<int> numbers(1);
  cross_loop_channel<int> shared(1);
  mutex one;
  semaphore several(3);
  event happens;
  CHECK(rounds_beside_another_task([] { return sleep_for(1h); }, true) < enough);
  CHECK(rounds_beside_another_task([] { return yield(); }, true) < enough);
  CHECK(rounds_beside_another_task([] { return as_result(yield()); }, true) < enough);
  CHECK(rounds_beside_another_task([&] { return numbers.receive(); }, true) < enough);
  CHECK(rounds_beside_another_task([&] { return numbers.send(1); }, true) < enough);
  CHECK(rounds_beside_another_task([&] { return shared.receive(); }, true) < enough);
  CHECK(rounds_beside_another_task([&] { return one.lock(); }, true) < enough);
  CHECK(rounds_beside_another_task([&] { return several.acquire(); }, true) < enough);
  CHECK(rounds_beside_another_task([&] { return happens.wait(); }, true) < enough);
  CHECK(rounds_beside_another_task([] { return on_thread_pool([] {}); }, true) < enough);
}

TEST_CASE("closed channels let other tasks run") {
  channel<int> numbers(1);
  numbers.close();
  CHECK(rounds_beside_another_task([&] { return numbers.receive(); }) < enough);
  CHECK(rounds_beside_another_task([&] { return as_result(numbers.send(1)); }) < enough);
}

TEST_CASE("a task that yields because its budget is spent resumes where it was") {
  int sum = 0;
  run([&]() -> task<> {
    auto add = [](int number) -> task<int> { co_return number; };
    for (int i = 1; i <= 10'000; ++i) sum += co_await add(i);
  });
  CHECK(sum == 50'005'000);
}

TEST_CASE("a task can be destroyed while it yields because its budget is spent") {
  int alive = 0;
  {
    event_loop loop;
    auto spin = [](counted) -> task<> {
      for (;;) co_await nothing_to_do();
    };
    background_task<void> const beside(loop, spin(counted(alive)));
    loop.run(turns(5));
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}
