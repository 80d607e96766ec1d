// Wake-ups and deadlines work when no memory is available, since they allocate none.
#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

#include <strait/core/cross_loop_channel.hpp>
#include <strait/core/event.hpp>
#include <strait/core/event_loop.hpp>
#include <strait/core/run.hpp>
#include <strait/core/sleep.hpp>
#include <strait/core/stop_token.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/thread_pool.hpp>

#include "catch.hpp"
#include "failing_memory.hpp"

#if STRAIT_TESTS_COUNT_ALLOCATIONS

using namespace strait;
using namespace strait::test;
using namespace std::chrono_literals;

namespace {

/// Calls `what` on a thread on which every allocation fails. Returns whether it tried none.
template <class F>
bool takes_no_memory_on_a_thread(F what) {
  bool result = false;
  std::thread([&] {
    allocation_to_fail(0, 1000);
    what();
    result = allocation_is_to_fail();
    allocation_to_fail(-1);
  }).join();
  return result;
}

}  // namespace

TEST_CASE("sending a value to a loop on another thread allocates nothing on either side", "[threads]") {
  cross_loop_channel<int> values(1);
  event_loop loop;
  bool sends_without = false;
  bool is_sent = false;
  std::thread sender;
  loop.post([&] {
    sender = std::thread([&] { sends_without = takes_no_memory_on_a_thread([&] { is_sent = values.try_send(7); }); });
  });
  bool receives_without = false;
  loop.run([&]() -> task<> {
    co_await yield();
    allocation_to_fail(0, 1000);
    auto const value = co_await values.receive();
    receives_without = allocation_is_to_fail();
    allocation_to_fail(-1);
    CHECK(value == 7);
  });
  sender.join();
  CHECK(is_sent);
  CHECK(sends_without);
  CHECK(receives_without);
}

TEST_CASE("canceling a loop from another thread allocates nothing", "[threads]") {
  event_loop loop;
  bool cancels_without = false;
  std::thread other;
  auto const main = [&]() -> task<> {
    other = std::thread([&] { cancels_without = takes_no_memory_on_a_thread([&] { loop.cancel(); }); });
    co_await sleep_for(1h);
  };
  CHECK_THROWS_AS(loop.run(main), canceled);
  other.join();
  CHECK(cancels_without);
}

TEST_CASE("a stop request that cancels a task on another thread allocates nothing", "[threads]") {
  std::stop_source source;
  bool stops_without = false;
  std::thread other;
  auto const main = [&]() -> task<> {
    auto const waiting = [&]() -> task<> {
      other = std::thread([&] { stops_without = takes_no_memory_on_a_thread([&] { source.request_stop(); }); });
      co_await sleep_for(1h);
    };
    co_await cancel_on(source.get_token(), waiting());
  };
  CHECK_THROWS_AS(run(main), canceled);
  other.join();
  CHECK(stops_without);
}

TEST_CASE("reporting the end of a call on the thread pool allocates nothing", "[threads]") {
  bool reported_without = false;
  run([&]() -> task<> {
    co_await on_thread_pool([] {});
    co_await on_thread_pool([] { allocation_to_fail(0, 1000); });
    // Consecutive calls of one task run on the same thread.
    co_await on_thread_pool([&] {
      reported_without = allocation_is_to_fail();
      allocation_to_fail(-1);
    });
  });
  CHECK(reported_without);
}

TEST_CASE("sleeping, yielding and moving the alarm allocate nothing") {
  constexpr int sleepers = 2000;
  bool slept_without = false;
  int ended = 0;
  run([&]() -> task<> {
    event begins;
    auto const sleeper = [&](int number) -> task<> {
      co_await begins.wait();
      // Later deadlines first, so that each sleep moves the alarm forward.
      co_await sleep_for(std::chrono::microseconds(20'000 - 5 * number));
      co_await yield();
      ++ended;
    };
    auto const body = [&](task_group& group) -> task<> {
      for (int i = 0; i != sleepers; ++i) group.spawn(sleeper(i));
      co_await yield();
      allocation_to_fail(0, 1000);
      begins.set();
      while (ended != sleepers) co_await sleep_for(1ms);
      slept_without = allocation_is_to_fail();
      allocation_to_fail(-1);
    };
    co_await with_task_group(body);
  });
  CHECK(slept_without);
}

#endif
