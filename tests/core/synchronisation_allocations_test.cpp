// Events, mutexes, semaphores and channels allocate nothing after construction.
#include "allocation_counter.hpp"

#if STRAIT_TESTS_COUNT_ALLOCATIONS

#include <strait/core/event.hpp>
#include <strait/core/mutex.hpp>
#include <strait/core/run.hpp>
#include <strait/core/semaphore.hpp>
#include <strait/core/when_all.hpp>

#include "catch.hpp"
#include "channel_kinds.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

TEMPLATE_TEST_CASE("sending and receiving allocate nothing whether they wait or not", "", one_loop, many_loops) {
  std::size_t const capacity = GENERATE(0u, 1u, 16u);
  long counted = -1;
  run([&]() -> task<> {
    channel_of<TestType, int> there(capacity);
    channel_of<TestType, int> back(capacity);
    auto return_all = [&]() -> task<> {
      while (auto value = co_await there.receive()) co_await back.send(std::move(*value));
    };
    auto exchange = [&]() -> task<> {
      co_await there.send(1);
      co_await back.receive();
    };
    auto count = [&]() -> task<> {
      counted = co_await allocations_of(exchange);
      there.close();
    };
    co_await when_all(return_all(), count());
  });
  CHECK(counted == 0);
}

TEST_CASE("waiting for an event, a mutex or a permit allocates nothing") {
  long counted = -1;
  run([&]() -> task<> {
    event go;
    mutex one;
    semaphore two(2);
    auto rival = [&]() -> task<> {
      for (;;) {
        co_await go.wait();
        go.reset();
        auto const guard = co_await one.lock();
        auto const permit = co_await two.acquire(2);
        co_await yield();
      }
    };
    auto exchange = [&]() -> task<> {
      go.set();
      co_await yield();
      auto const guard = co_await one.lock();
      auto const permit = co_await two.acquire(1);
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(rival());
      counted = co_await allocations_of(exchange);
      group.cancel();
    });
  });
  CHECK(counted == 0);
}

#endif
