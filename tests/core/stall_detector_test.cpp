// stall_detector: who holds the loop, since where, until where.
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
// Longer than a busy machine may keep a thread from running.
constexpr auto long_limit = 1s;

unsigned line_here(std::source_location const here = std::source_location::current()) { return here.line(); }

/// What has been reported, and a way to wait for it.
class reports {
 public:
  /// For a detector, which must end first.
  auto hook() {
    return [this](stall const& what) {
      std::lock_guard const lock(mutex_);
      all_.push_back(what);
      added_.notify_all();
    };
  }
  /// Blocks the calling thread until there are so many.
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

// What is reported of `main`, until its end and beyond.
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

TEST_CASE("a task that holds its loop is reported while it does, by function, file and line", "[threads]") {
  auto const stalls = stalls_of(holds_the_loop);
  REQUIRE_FALSE(stalls.empty());  // it goes on only when it has been reported
  CHECK_THAT(stalls[0].function, ContainsSubstring("holds_the_loop"));
  CHECK_THAT(stalls[0].function, !ContainsSubstring("Frame"));
  CHECK(stalls[0].file == "stall_detector_test.cpp");
  CHECK(stalls[0].line == went_on_at);
  CHECK(stalls[0].duration >= limit);
  CHECK_FALSE(stalls[0].is_over);
}

TEST_CASE("a task that has held its loop is reported again when it waits, with where it does", "[threads]") {
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

TEST_CASE("a task that holds its loop to its end is reported again without a place", "[threads]") {
  auto const stalls = stalls_of(holds_it_to_its_end);
  REQUIRE(stalls.size() == 2);
  CHECK(stalls[1].is_over);
  CHECK(stalls[1].next_line == 0);
}

TEST_CASE("a task that holds its loop before its first await is reported by its function", "[threads]") {
  auto const stalls = stalls_of(holds_it_from_its_beginning);
  REQUIRE_FALSE(stalls.empty());
  CHECK_THAT(stalls[0].function, ContainsSubstring("holds_it_from_its_beginning"));
  CHECK(stalls[0].file == "stall_detector_test.cpp");
  CHECK(stalls[0].line == 0);
}

TEST_CASE("a task is reported at the await at which it last waited, whatever has completed at once since",
          "[threads]") {
  auto const stalls = stalls_of(holds_it_behind_what_completes_at_once);
  REQUIRE_FALSE(stalls.empty());
  CHECK(stalls[0].line == went_on_at);
}

TEST_CASE("a task that goes on when another has ended is reported at its own await", "[threads]") {
  auto const stalls = stalls_of(holds_it_behind_a_task);
  REQUIRE_FALSE(stalls.empty());
  CHECK_THAT(stalls[0].function, ContainsSubstring("holds_it_behind_a_task"));
  CHECK(stalls[0].line == went_on_at);
}

TEST_CASE("where a held task stands is told of the user's coroutine, not of the library's inside it", "[threads]") {
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

TEST_CASE("a posted function that holds its loop is reported as such", "[threads]") {
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

TEST_CASE("loops on several threads are watched, each for itself", "[threads]") {
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

TEST_CASE("a loop that waits for long is not stalled", "[threads]") {
  auto const stalls = stalls_of([](reports&) -> task<> { co_await sleep_for(6 * limit); });
  CHECK(stalls.empty());
}

TEST_CASE("a loop that is busy with much that is short is not stalled", "[threads]") {
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

TEST_CASE("a detector that is made while a loop runs watches it", "[threads]") {
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

TEST_CASE("a detector may end before the loops that it watches, and while one is held", "[threads]") {
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

TEST_CASE("a detector watches the loops that are begun after another has ended", "[threads]") {
  CHECK(stalls_of(holds_the_loop).size() == 2);
  CHECK(stalls_of(holds_the_loop).size() == 2);
}

TEST_CASE("a stall longer than another before it is reported anew", "[threads]") {
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

TEST_CASE("there is one detector at a time") {
  stall_detector const watch(long_limit);
  CHECK_THROWS_AS(stall_detector(long_limit), std::logic_error);
}

TEST_CASE("a limit of less than four milliseconds is refused") {
  CHECK_THROWS_AS(stall_detector(3ms), std::invalid_argument);
  CHECK_THROWS_AS(stall_detector(-1s), std::invalid_argument);
}

TEST_CASE("a stall is described by what holds the loop, for how long, from where to where") {
  stall what;
  what.function = "void echo(strait::tcp::stream)";
  what.file = "server.cpp";
  what.line = 17;
  what.duration = 200ms;
  CHECK(describe(what) == "void echo(strait::tcp::stream) has held its loop for 200 ms, since server.cpp:17");
  what.is_over = true;
  what.duration = 1300ms;
  CHECK(describe(what) == "void echo(strait::tcp::stream) held its loop for 1.3 s, from server.cpp:17 to its end");
  what.next_file = "server.cpp";
  what.next_line = 23;
  CHECK(describe(what) ==
        "void echo(strait::tcp::stream) held its loop for 1.3 s, from server.cpp:17 to server.cpp:23");
}

TEST_CASE("a stall of a task that has not awaited anything is described without a line") {
  stall what;
  what.function = "void echo(strait::tcp::stream)";
  what.file = "server.cpp";
  what.duration = 200ms;
  CHECK(describe(what) == "void echo(strait::tcp::stream) in server.cpp has held its loop for 200 ms, since it began");
}

TEST_CASE("a stall of a posted function is described as such") {
  stall what;
  what.duration = 200ms;
  CHECK(describe(what) == "a function that was posted to its loop has held it for 200 ms");
}

TEST_CASE("program that does not come back", "[.]") {
  stall_detector const watch(limit);
  run([]() -> task<> {
    co_await yield();
    for (;;) ::pause();
  });
}
TEST_CASE("what never ends is reported on stderr, below the program's name", "[threads]") {
  program stuck("program that does not come back");
  stuck.wait_for_error("strait_program: ");
  stuck.signal(SIGKILL);
  CHECK(stuck.status() == -SIGKILL);
}

TEST_CASE("what one detector has reported does not count for the next", "[threads]") {
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
