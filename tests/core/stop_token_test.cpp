// cancel_on: a stop request on any thread cancels a block.
#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <utility>

#include <strait/core/run.hpp>
#include <strait/core/stop_token.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<int> return_after(int turn_count, int value) {
  co_await turns(turn_count);
  co_return value;
}

template <awaitable A>
task<bool> is_canceled(A what) {
  bool canceled_here = false;
  try {
    co_await std::move(what);
  } catch (canceled const&) {
    canceled_here = true;
  }
  co_return canceled_here;
}

/// A thread that requests a stop as soon as it is given a source.
class stopper {
 public:
  void stop(std::stop_source& source) { source_ = &source; }
  /// Returns when the thread no longer uses `source`, whether it has requested a stop or not.
  void take_back(std::stop_source& source) {
    for (;;) {
      std::stop_source* expected = &source;
      if (source_.compare_exchange_strong(expected, nullptr) || !expected) return;
      std::this_thread::yield();
    }
  }

 private:
  void stop_forever(std::stop_token const& end) {
    while (!end.stop_requested()) {
      std::stop_source* source = source_;
      if (source && source_.compare_exchange_strong(source, &in_use_)) {
        source->request_stop();
        source_ = nullptr;
      } else {
        std::this_thread::yield();
      }
    }
  }
  std::stop_source in_use_{std::nostopstate};
  std::atomic<std::stop_source*> source_ = nullptr;
  std::jthread thread_{[this](std::stop_token const& end) { stop_forever(end); }};
};

}  // namespace

TEST_CASE("a block whose token is never stopped returns its value") {
  std::stop_source const source;
  CHECK(run(cancel_on(source.get_token(), return_after(3, 42))) == 42);
}

TEST_CASE("a token that cannot be stopped has no effect") {
  CHECK(run(cancel_on(std::stop_token(), return_after(3, 42))) == 42);
}

TEST_CASE("a stop request on the loop's thread cancels the block and nothing else") {
  std::stop_source source;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        bool const ended = co_await is_canceled(cancel_on(source.get_token(), forever()));
        CHECK(ended);
        co_await yield();
      });
      co_await turns(2);
      source.request_stop();
      co_await turns(5);
    });
  });
}

TEST_CASE("a stop request before the block begins cancels the block") {
  std::stop_source source;
  source.request_stop();
  CHECK(run(is_canceled(cancel_on(source.get_token(), forever()))));
}

TEST_CASE("a stop request on another thread cancels the block", "[threads]") {
  std::stop_source source;
  std::jthread stopper;
  bool const ended = run([&]() -> task<bool> {
    stopper = std::jthread([&] { source.request_stop(); });
    co_return co_await is_canceled(cancel_on(source.get_token(), forever()));
  });
  CHECK(ended);
}

TEST_CASE("a stop request after the block has ended has no effect") {
  std::stop_source source;
  run([&]() -> task<> {
    int const value = co_await cancel_on(source.get_token(), return_after(1, 1));
    CHECK(value == 1);
    source.request_stop();
    co_await turns(2);
  });
}

TEST_CASE("a stop request by the block itself just before it ends has no effect") {
  std::stop_source source;
  run([&]() -> task<> {
    auto const stop_and_end = [&]() -> task<int> {
      source.request_stop();
      co_return 42;
    };
    int const value = co_await cancel_on(source.get_token(), stop_and_end());
    CHECK(value == 42);
    co_await turns(3);
  });
}

TEST_CASE("a jthread's own stop token can cancel a task on that thread", "[threads]") {
  std::atomic<bool> ended = false;
  {
    std::jthread const worker(
        [&](std::stop_token token) { ended = run(is_canceled(cancel_on(std::move(token), forever()))); });
  }
  CHECK(ended);
}

TEST_CASE("a stop request may race with the end of the block and of its loop", "[threads]") {
  constexpr int rounds = is_sanitized ? 5'000 : 20'000;
  stopper other_thread;
  int delivered = 0;
  int ended = 0;
  for (int i = 0; i != rounds; ++i) {
    std::stop_source source;
    event_loop loop;
    other_thread.stop(source);
    try {
      delivered += loop.run(cancel_on(source.get_token(), return_after(i % 8, 1)));
    } catch (canceled const&) {
      ++ended;
    }
    other_thread.take_back(source);
  }
  CHECK(delivered + ended == rounds);
}

TEST_CASE("stop requests may race with consecutive blocks on one loop", "[threads]") {
  constexpr int rounds = is_sanitized ? 10'000 : 50'000;
  stopper other_thread;
  int const outcomes = run([&]() -> task<int> {
    int count = 0;
    for (int i = 0; i != rounds; ++i) {
      std::stop_source source;
      other_thread.stop(source);
      co_await is_canceled(cancel_on(source.get_token(), turns(i % 4)));
      ++count;
      other_thread.take_back(source);
    }
    co_return count;
  });
  CHECK(outcomes == rounds);
}

TEST_CASE("a stop request before the block begins also cancels a block that needs one turn or none") {
  std::stop_source source;
  source.request_stop();
  run([&]() -> task<> {
    bool const yielded = !co_await is_canceled(cancel_on(source.get_token(), yield()));
    bool const slept = !co_await is_canceled(cancel_on(source.get_token(), sleep_for(std::chrono::seconds(0))));
    CHECK_FALSE(yielded);
    CHECK_FALSE(slept);
  });
}

TEST_CASE("a stop request for a block inside a cancel scope also ends the scope's block") {
  std::stop_source source;
  source.request_stop();
  run([&]() -> task<> {
    cancel_scope scope;
    bool const passed = co_await is_canceled(scope.run(cancel_on(source.get_token(), yield())));
    CHECK(passed);
    CHECK_FALSE(scope.is_canceled());
  });
}
