// stall_detector: which task blocks its loop, since which line, until which line.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <strait/core/run.hpp>
#include <strait/core/sleep.hpp>
#include <strait/core/stall_detector.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "program.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto limit = 20ms;
// Longer than the scheduler of a busy machine keeps a thread from running.
constexpr auto long_limit = 1s;

unsigned line_here(std::source_location const here = std::source_location::current()) { return here.line(); }

/// Collects the reports and lets a test wait for them.
class reports {
 public:
  /// The hook for a detector; the detector must be destroyed before this object.
  auto hook() {
    return [this](stall const& what) {
      std::lock_guard const lock(mutex_);
      all_.push_back(what);
      added_.notify_all();
    };
  }
  /// Blocks the calling thread until there are `count` reports.
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    added_.wait(lock, [&] { return all_.size() >= count; });
  }
  std::vector<stall> all() {
    std::lock_guard const lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::vector<stall> all_;
};

unsigned went_on_at = 0;
unsigned stood_at = 0;
task<> holds_the_loop(reports& until) {
  went_on_at = line_here() + 1;
  co_await yield();
  until.wait_for(1);
  stood_at = line_here() + 1;
  co_await yield();
}

task<> holds_it_to_its_end(reports& until) {
  co_await yield();
  until.wait_for(1);
}

task<> holds_it_from_its_beginning(reports& until) {
  until.wait_for(1);
  co_return;
}

task<> holds_it_behind_what_completes_at_once(reports& until) {
  went_on_at = line_here() + 1;
  co_await yield();
  co_await current_loop();
  until.wait_for(1);
}

task<> returns_at_once() { co_return; }

task<> holds_it_behind_a_task(reports& until) {
  went_on_at = line_here() + 1;
  co_await returns_at_once();
  until.wait_for(1);
}

// The reports about `main`, complete when the detector has been destroyed.
template <class Main>
std::vector<stall> stalls_of(Main main) {
  reports all;
  {
    stall_detector const watch(limit, all.hook());
    run(main(all));
  }
  return all.all();
}

}  // namespace

TEST_CASE("a task that blocks its loop is reported with function, file and line while it does so", "[threads]") {
  auto const stalls = stalls_of(holds_the_loop);
  REQUIRE_FALSE(stalls.empty());  // the task continues only after it has been reported
  CHECK(stalls[0].function == "holds_the_loop");
  CHECK(stalls[0].file == "stall_detector_test.cpp");
  CHECK(stalls[0].line == went_on_at);
  CHECK(stalls[0].duration >= limit);
  CHECK_FALSE(stalls[0].is_over);
}

TEST_CASE("when a task that blocked its loop waits again, it is reported with the place of that wait", "[threads]") {
  auto const stalls = stalls_of(holds_the_loop);
  REQUIRE(stalls.size() == 2);
  CHECK(stalls[1].is_over);
  CHECK(stalls[1].function == stalls[0].function);
  CHECK(stalls[1].file == "stall_detector_test.cpp");
  CHECK(stalls[1].line == went_on_at);
  CHECK(stalls[1].next_file == "stall_detector_test.cpp");
  CHECK(stalls[1].next_line == stood_at);
  CHECK(stalls[1].duration >= stalls[0].duration);
}

TEST_CASE("a task that blocks its loop until it ends is reported again without a place", "[threads]") {
  auto const stalls = stalls_of(holds_it_to_its_end);
  REQUIRE(stalls.size() == 2);
  CHECK(stalls[1].is_over);
  CHECK(stalls[1].next_line == 0);
}

TEST_CASE("a task that blocks its loop before its first await is reported by its function", "[threads]") {
  auto const stalls = stalls_of(holds_it_from_its_beginning);
  REQUIRE_FALSE(stalls.empty());
  CHECK_THAT(stalls[0].function, ContainsSubstring("holds_it_from_its_beginning"));
  CHECK(stalls[0].file == "stall_detector_test.cpp");
  CHECK(stalls[0].line == 0);
}

TEST_CASE("a task is reported at its last await that had to wait, not at one that completed at once", "[threads]") {
  auto const stalls = stalls_of(holds_it_behind_what_completes_at_once);
  REQUIRE_FALSE(stalls.empty());
  CHECK(stalls[0].line == went_on_at);
}

TEST_CASE("a task that resumes when another task has ended is reported at its own await", "[threads]") {
  auto const stalls = stalls_of(holds_it_behind_a_task);
  REQUIRE_FALSE(stalls.empty());
  CHECK_THAT(stalls[0].function, ContainsSubstring("holds_it_behind_a_task"));
  CHECK(stalls[0].line == went_on_at);
}

TEST_CASE("a stall report names the user's coroutine and not a library coroutine that it awaits", "[threads]") {
  unsigned line = 0;
  auto const stalls = stalls_of([&](reports& until) -> task<> {
    co_await yield();
    auto const body = [](task_group& group) -> task<> {
      group.spawn(turns(2));
      co_return;
    };
    until.wait_for(1);
    line = line_here() + 1;
    co_await with_task_group(body);
  });
  REQUIRE(stalls.size() == 2);
  CHECK(stalls[1].next_file == "stall_detector_test.cpp");
  CHECK(stalls[1].next_line == line);
}

TEST_CASE("a posted function that blocks its loop is reported as a posted function", "[threads]") {
  auto const stalls = stalls_of([](reports& until) -> task<> {
    event_loop& loop = co_await current_loop();
    gate done;
    loop.post([&] {
      until.wait_for(1);
      done.open();
    });
    co_await done.opened();
  });
  REQUIRE(stalls.size() == 2);
  CHECK(stalls[0].function.empty());
  CHECK(stalls[0].duration >= limit);
  CHECK(stalls[1].is_over);
  CHECK(stalls[1].function.empty());
}

TEST_CASE("loops on several threads are watched independently", "[threads]") {
  reports all;
  {
    stall_detector const watch(limit, all.hook());
    run_on_threads(2, [&]() -> task<> {
      co_await yield();
      all.wait_for(2);
    });
  }
  auto const stalls = all.all();
  REQUIRE(stalls.size() == 4);
  CHECK_FALSE(stalls[0].is_over);
  CHECK_FALSE(stalls[1].is_over);
}

TEST_CASE("a loop that waits for a long time is not stalled", "[threads]") {
  auto const stalls = stalls_of([](reports&) -> task<> { co_await sleep_for(6 * limit); });
  CHECK(stalls.empty());
}

TEST_CASE("a loop that is busy with many short steps is not stalled", "[threads]") {
  reports all;
  {
    stall_detector const watch(long_limit, all.hook());
    run([]() -> task<> {
      auto const end = clock::now() + long_limit + long_limit / 2;
      while (clock::now() < end) co_await yield();
    });
  }
  CHECK(all.all().empty());
}

TEST_CASE("a detector that is created while a loop runs watches that loop", "[threads]") {
  reports all;
  unsigned line = 0;
  run([&]() -> task<> {
    co_await yield();
    stall_detector const watch(limit, all.hook());
    line = line_here() + 1;
    co_await yield();
    all.wait_for(1);
    co_await yield();
  });
  REQUIRE_FALSE(all.all().empty());
  CHECK(all.all()[0].line == line);
}

TEST_CASE("a detector may be destroyed before the loops that it watches and while one of them is blocked",
          "[threads]") {
  reports all;
  run([&]() -> task<> {
    co_await yield();
    {
      stall_detector const watch(limit, all.hook());
      co_await yield();
      all.wait_for(1);
    }
    co_await turns(3);
  });
  CHECK(all.all().size() == 1);
}

TEST_CASE("a second detector watches loops that start after the first one was destroyed", "[threads]") {
  CHECK(stalls_of(holds_the_loop).size() == 2);
  CHECK(stalls_of(holds_the_loop).size() == 2);
}

TEST_CASE("a second stall that is longer than the first one is reported as well", "[threads]") {
  auto const stalls = stalls_of([](reports& until) -> task<> {
    co_await yield();
    until.wait_for(1);
    co_await yield();
    until.wait_for(3);
  });
  REQUIRE(stalls.size() == 4);
  CHECK_FALSE(stalls[0].is_over);
  CHECK(stalls[1].is_over);
  CHECK_FALSE(stalls[2].is_over);
  CHECK(stalls[3].is_over);
}

TEST_CASE("only one detector may exist at a time") {
  stall_detector const watch(long_limit);
  CHECK_THROWS_AS(stall_detector(long_limit), std::logic_error);
}

TEST_CASE("a limit of less than four milliseconds is refused") {
  CHECK_THROWS_AS(stall_detector(3ms), std::invalid_argument);
  CHECK_THROWS_AS(stall_detector(-1s), std::invalid_argument);
}

TEST_CASE("the text of a stall names the function, the duration, and where the stall began and ended") {
  stall what;
  what.function = "echo";
  what.file = "server.cpp";
  what.line = 17;
  what.duration = 200ms;
  CHECK(describe(what) == "echo has blocked its loop for 200 ms, since server.cpp:17");
  what.is_over = true;
  what.duration = 1300ms;
  CHECK(describe(what) == "echo blocked its loop for 1.3 s, from server.cpp:17 to its end");
  what.next_file = "server.cpp";
  what.next_line = 23;
  CHECK(describe(what) == "echo blocked its loop for 1.3 s, from server.cpp:17 to server.cpp:23");
}

TEST_CASE("the text of a stall of a task that has not awaited anything has no line number") {
  stall what;
  what.function = "echo";
  what.file = "server.cpp";
  what.duration = 200ms;
  CHECK(describe(what) == "echo in server.cpp has blocked its loop for 200 ms, since it started");
}

TEST_CASE("the text of a stall of a posted function says that it is a posted function") {
  stall what;
  what.duration = 200ms;
  CHECK(describe(what) == "a posted function has blocked its loop for 200 ms");
}

TEST_CASE("program that does not come back", "[.]") {
  stall_detector const watch(limit);
  run([]() -> task<> {
    co_await yield();
    for (;;) ::pause();
  });
}
TEST_CASE("a stall that never ends is reported on stderr with the program's name", "[threads]") {
  program stuck("program that does not come back");
  stuck.wait_for_error("strait_program: ");
  stuck.signal(SIGKILL);
  CHECK(stuck.status() == -SIGKILL);
}

TEST_CASE("a stall that one detector has reported is not reported by the next detector", "[threads]") {
  reports first;
  reports second;
  auto watch = std::make_unique<stall_detector>(limit, first.hook());
  run([&]() -> task<> {
    co_await yield();
    first.wait_for(1);
    watch = nullptr;
    watch = std::make_unique<stall_detector>(100s, second.hook());
    co_await yield();
  });
  watch = nullptr;
  CHECK(second.all().empty());
}
