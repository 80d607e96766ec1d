// timeout: time limits, and results that take precedence over them.
#include <chrono>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <strait/core/as_result.hpp>
#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/thread_pool.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_any.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;
using namespace std::chrono_literals;

namespace {

// Never reached, not even on the slowest machine.
constexpr auto long_time = 60s;

task<int> answer() { co_return 42; }

enum class ending { done, late, cancel };

template <awaitable A>
task<ending> ending_of(A what) {
  auto how = ending::done;
  try {
    co_await std::move(what);
  } catch (timed_out const&) {
    how = ending::late;
  } catch (canceled const&) {
    how = ending::cancel;
  }
  co_return how;
}

void busy_wait_until(clock::time_point when) {
  while (clock::now() < when) {}
}

}  // namespace

TEST_CASE("a task that completes within the limit returns its value") {
  CHECK(run(timeout(long_time, answer())) == 42);
}

TEST_CASE("a task that waits longer than the limit is canceled and timed_out is thrown") {
  bool was_canceled = false;
  auto const wait = [&]() -> task<> {
    try {
      co_await forever();
    } catch (canceled const&) {
      was_canceled = true;
      throw;
    }
  };
  auto const begin = clock::now();
  CHECK_THROWS_AS(run(timeout(20ms, wait)), timed_out);
  CHECK(clock::now() - begin >= 20ms);
  CHECK(was_canceled);
}

TEST_CASE("the message of timed_out contains the limit") {
  CHECK_THROWS_WITH(run(timeout(1ms, forever())), "time limit of 0.001 s: timed out");
}

TEST_CASE("an exception that is thrown within the limit passes through") {
  CHECK_THROWS_AS(run(timeout(long_time,
                              []() -> task<> {
                                co_await yield();
                                throw std::out_of_range("far out");
                              })),
                  std::out_of_range);
}

TEST_CASE("an exception that is thrown because of the cancellation passes through") {
  CHECK_THROWS_AS(run(timeout(1ms,
                              []() -> task<> {
                                try {
                                  co_await forever();
                                } catch (canceled const&) {
                                  throw std::out_of_range("far out");
                                }
                              })),
                  std::out_of_range);
}

TEST_CASE("timed_out reports how many bytes were transferred") {
  auto const transfer = []() -> task<> {
    try {
      co_await forever();
    } catch (canceled const&) {
      throw canceled(7);
    }
  };
  try {
    run(timeout(1ms, transfer));
    FAIL("nothing was thrown");
  } catch (timed_out const& late) {
    CHECK(late.transferred() == 7);
  }
}

TEST_CASE("a task that completes in spite of the cancellation returns its value") {
  auto const stubborn = []() -> task<int> {
    try {
      co_await forever();
    } catch (canceled const&) {}
    co_return 42;
  };
  CHECK(run(timeout(1ms, stubborn)) == 42);
}

TEST_CASE("a value that arrives in the same turn as the deadline takes precedence") {
  CHECK(run([]() -> task<ending> {
          auto const now = clock::now();
          event_loop& loop = co_await current_loop();
          loop.post([=] { busy_wait_until(now + 10ms); });  // both are due when the loop reads its clock again
          co_return co_await ending_of(timeout(now + 5ms - clock::now(), sleep_until(now + 4ms)));
        }) == ending::done);
}

TEST_CASE("a blocking call that is running is waited for and its value takes precedence") {
  bool begun = false;
  auto const call = [&]() -> task<int> {
    auto const block = [&] {
      begun = true;
      std::this_thread::sleep_for(30ms);
      return 42;
    };
    try {
      co_return co_await timeout(10ms, on_thread_pool(block));
    } catch (timed_out const&) {
      co_return 0;
    }
  };
  int value = 0;
  while (!begun) value = run(call());  // the limit may expire before a thread starts the call
  CHECK(value == 42);
}

TEST_CASE("with a limit of zero, only a task that never waits completes") {
  run([]() -> task<> {
    int const value = co_await timeout(0s, answer());
    CHECK(value == 42);
    ending const waiting = co_await ending_of(timeout(0s, forever()));
    CHECK(waiting == ending::late);
    ending const negative = co_await ending_of(timeout(-5s, forever()));
    CHECK(negative == ending::late);
  });
}

TEST_CASE("a limit too large for the clock never expires") {
  run([]() -> task<> {
    ending const nanoseconds = co_await ending_of(timeout(std::chrono::nanoseconds::max(), turns(3)));
    ending const milliseconds = co_await ending_of(timeout(std::chrono::milliseconds::max(), turns(3)));
    ending const hours = co_await ending_of(timeout(std::chrono::hours::max(), turns(3)));
    ending const years = co_await ending_of(timeout(std::chrono::duration<double>(1e300), turns(3)));
    CHECK(nanoseconds == ending::done);
    CHECK(milliseconds == ending::done);
    CHECK(hours == ending::done);
    CHECK(years == ending::done);
  });
}

TEST_CASE("a limit too small for the clock has already expired") {
  run([]() -> task<> {
    ending const nanoseconds = co_await ending_of(timeout(std::chrono::nanoseconds::min(), forever()));
    ending const hours = co_await ending_of(timeout(std::chrono::hours::min(), forever()));
    CHECK(nanoseconds == ending::late);
    CHECK(hours == ending::late);
  });
}

TEST_CASE("if the inner of two limits is earlier, it ends only the inner block") {
  run([]() -> task<> {
    ending inner = ending::done;
    ending const outer = co_await ending_of(timeout(long_time, [&]() -> task<> {
      inner = co_await ending_of(timeout(1ms, forever()));
      co_await yield();
    }));
    CHECK(inner == ending::late);
    CHECK(outer == ending::done);
  });
}

TEST_CASE("if the outer of two limits is earlier, it cancels the inner block") {
  run([]() -> task<> {
    ending inner = ending::done;
    ending const outer = co_await ending_of(timeout(1ms, [&]() -> task<> {
      inner = co_await ending_of(timeout(long_time, forever()));
      co_await yield();
    }));
    CHECK(inner == ending::cancel);
    CHECK(outer == ending::late);
  });
}

TEST_CASE("if both limits expire in the same turn, the outer one is reported") {
  run([]() -> task<> {
    ending inner = ending::done;
    ending const outer = co_await ending_of(timeout(2ms, [&]() -> task<> {
      event_loop& loop = co_await current_loop();
      loop.post([] { busy_wait_until(clock::now() + 5ms); });
      inner = co_await ending_of(timeout(1ms, forever()));
      co_await yield();
    }));
    CHECK(inner == ending::cancel);
    CHECK(outer == ending::late);
  });
}

TEST_CASE("a cancel from outside is reported as a cancellation and not as a timeout") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    ending how = ending::done;
    bool const done = co_await scope.run([&]() -> task<> { how = co_await ending_of(timeout(long_time, forever())); });
    CHECK(done);
    CHECK(how == ending::cancel);
  });
}

TEST_CASE("a cancel from outside takes precedence over an expired limit") {
  run([]() -> task<> {
    cancel_scope scope;
    ending how = ending::done;
    co_await scope.run([&]() -> task<> {
      how = co_await ending_of(timeout(1ms, [&]() -> task<> {
        try {
          co_await forever();
        } catch (canceled const&) {
          scope.cancel();
          throw;
        }
      }));
    });
    CHECK(how == ending::cancel);
  });
}

TEST_CASE("the limit is counted from the call, not from the await") {
  run([]() -> task<> {
    auto limited = timeout(10ms, forever());
    co_await sleep_for(15ms);
    auto const begin = clock::now();
    ending const how = co_await ending_of(std::move(limited));
    CHECK(how == ending::late);
    CHECK(clock::now() - begin < long_time);
  });
}

TEST_CASE("a limit that did not expire has no later effect on the loop") {
  run([]() -> task<> {
    co_await timeout(1ms, turns(1));
    co_await sleep_for(5ms);
    co_await yield();
  });
}

TEST_CASE("a timeout around a group ends all of its children") {
  int canceled_ones = 0;
  auto const child = [&]() -> task<> {
    try {
      co_await forever();
    } catch (canceled const&) {
      ++canceled_ones;
      throw;
    }
  };
  CHECK_THROWS_AS(run(timeout(5ms,
                              [&]() -> task<> {
                                co_await with_task_group([&](task_group& group) -> task<> {
                                  for (int i = 0; i != 3; ++i) group.spawn(child());
                                  co_return;
                                });
                              })),
                  timed_out);
  CHECK(canceled_ones == 3);
}

TEST_CASE("none of thousands of simultaneous limits expires too early") {
  constexpr std::size_t count = 5'000;
  std::vector<std::chrono::microseconds> ended;
  bool too_early = false;
  run([&]() -> task<> {
    auto const wait = [&](std::chrono::microseconds limit) -> task<> {
      auto const begin = clock::now();
      ending const how = co_await ending_of(timeout(limit, forever()));
      CHECK(how == ending::late);
      too_early = too_early || clock::now() - begin < limit;
      ended.push_back(limit);
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      // A step that is coprime to the count visits all of them in scrambled order.
      for (std::size_t i = 0; i != count; ++i) group.spawn(wait(std::chrono::milliseconds(1 + i * 1'777 % count / 50)));
      co_return;
    });
  });
  CHECK(ended.size() == count);
  CHECK_FALSE(too_early);
}

TEST_CASE("a limit that is not a number is refused") {
  using seconds = std::chrono::duration<double>;
  CHECK_THROWS_AS(timeout(seconds(std::numeric_limits<double>::quiet_NaN()), turns(1)), std::invalid_argument);
  CHECK_THROWS_AS(sleep_for(seconds(std::numeric_limits<double>::quiet_NaN())), std::invalid_argument);
}

TEST_CASE("a zero or negative limit has expired and an infinite one never does") {
  using seconds = std::chrono::duration<double>;
  run([]() -> task<> {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    for (double const past : {0.0, -0.0, -1e-300, -1.0, -1e300, -infinite}) {
      auto const ended = co_await as_result(timeout(seconds(past), forever()));
      CHECK(ended.error() == std::errc::timed_out);
      co_await sleep_for(seconds(past));
    }
    for (double const far : {9.2e9, 9.3e9, 1e300, infinite}) {
      co_await timeout(seconds(far), turns(3));
      auto const [sleeps, done] = co_await when_any(sleep_for(seconds(far)), turns(3));
      CHECK_FALSE(sleeps.has_value());
      CHECK(done.has_value());
    }
  });
}
