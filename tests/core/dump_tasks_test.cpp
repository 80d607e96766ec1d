// dump_tasks: which tasks wait, where, for how long, and below which parent.
#include <chrono>
#include <source_location>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/dump_tasks.hpp>
#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_all.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

unsigned line_here(std::source_location const here = std::source_location::current()) { return here.line(); }

/// One line of the dump.
struct entry {
  std::size_t depth;
  std::string text;
  [[nodiscard]] bool says(std::string const& function, unsigned line) const {
    return text.find(function + " at dump_tasks_test.cpp:" + std::to_string(line) + ", for ") != text.npos;
  }
};

std::vector<entry> entries_of(std::string const& dump) {
  std::vector<entry> entries;
  std::istringstream lines(dump);
  for (std::string line; std::getline(lines, line);) {
    auto const depth = line.find_first_not_of(' ');
    entries.push_back({depth / 2, line.substr(depth)});
  }
  return entries;
}

unsigned waits_at = 0;
task<> waits() {
  waits_at = line_here() + 1;
  co_await sleep_until(clock::time_point::max());
}

task<> waits_in_lambda() {
  auto const wait = []() -> task<> { co_await waits(); };
  co_await wait();
}

unsigned calls_at = 0;
task<> calls() {
  calls_at = line_here() + 1;
  co_await waits();
}

unsigned owns_at = 0;
task<> owns_children() {
  auto const body = [](task_group& group) -> task<> {
    group.spawn(calls());
    group.spawn(waits());
    co_return;
  };
  owns_at = line_here() + 1;
  co_await with_task_group(body);
}

// The dump after `work` has run for a few turns.
std::string dump_of(task<> work) {
  event_loop loop;
  background_task<void> const beside(loop, std::move(work));
  loop.run(turns(3));
  return dump_tasks(loop);
}

}  // namespace

TEST_CASE("a loop without tasks has an empty dump") {
  event_loop const loop;
  CHECK(dump_tasks(loop).empty());
}

TEST_CASE("a dump shows the function of a waiting task, and the file and line of its await") {
  auto const entries = entries_of(dump_of(waits()));
  REQUIRE(entries.size() == 1);
  INFO(entries[0].text);
  CHECK(entries[0].says("waits", waits_at));
  CHECK(entries[0].depth == 0);
}

TEST_CASE("a dump shows the short name of a function, and a lambda by the function around it") {
  CHECK_THAT(dump_of(waits()), StartsWith("waits at dump_tasks_test.cpp:"));
  CHECK_THAT(dump_of(waits_in_lambda()), ContainsSubstring("\n  lambda in waits_in_lambda at dump_tasks_test.cpp:"));
}

TEST_CASE("a task that is awaited is listed below the task that awaits it") {
  auto const entries = entries_of(dump_of(calls()));
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].says("calls", calls_at));
  CHECK(entries[0].depth == 0);
  CHECK(entries[1].says("waits", waits_at));
  CHECK(entries[1].depth == 1);
}

TEST_CASE("the children of a group are listed below the task that owns the group") {
  auto const entries = entries_of(dump_of(owns_children()));
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].says("owns_children", owns_at));
  CHECK(entries[0].depth == 0);
  CHECK(entries[1].says("calls", calls_at));
  CHECK(entries[1].depth == 1);
  CHECK(entries[2].says("waits", waits_at));
  CHECK(entries[2].depth == 2);
  CHECK(entries[3].says("waits", waits_at));
  CHECK(entries[3].depth == 1);
}

TEST_CASE("a dump omits the library's own coroutines") {
  unsigned line = 0;
  auto const limited = [&]() -> task<> {
    line = line_here() + 1;
    co_await timeout(std::chrono::hours(1), waits());
  };
  auto const entries = entries_of(dump_of(limited()));
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].says("", line));
  CHECK(entries[1].says("waits", waits_at));
  CHECK(entries[1].depth == 1);
}

TEST_CASE("a dump shows both sides of a when_all") {
  auto const both = []() -> task<> { co_await when_all(waits(), calls()); };
  auto const entries = entries_of(dump_of(both()));
  REQUIRE(entries.size() == 4);
  CHECK(entries[1].says("waits", waits_at));
  CHECK(entries[1].depth == 1);
  CHECK(entries[2].says("calls", calls_at));
  CHECK(entries[2].depth == 1);
  CHECK(entries[3].says("waits", waits_at));
  CHECK(entries[3].depth == 2);
}

TEST_CASE("a dump shows a task that has not started") {
  event_loop loop;
  background_task<void> const beside(loop, waits());
  auto const entries = entries_of(dump_tasks(loop));
  REQUIRE(entries.size() == 1);
  CHECK_THAT(entries[0].text, ContainsSubstring("waits in dump_tasks_test.cpp, which has not awaited anything yet"));
}

TEST_CASE("a dump can be taken by a running task") {
  run([]() -> task<> {
    event_loop& loop = co_await current_loop();
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(calls());
      co_await turns(2);
      auto const entries = entries_of(dump_tasks(loop));
      CHECK(entries.size() == 4);  // this task, the body of its group, and the two that wait
      CHECK(entries[1].says("calls", calls_at));
      CHECK(entries[2].says("waits", waits_at));
      group.cancel();
    });
  });
}

TEST_CASE("a dump can be taken by a posted function") {
  event_loop loop;
  std::string dump;
  gate done;
  loop.run([&]() -> task<> {
    loop.post([&] {
      dump = dump_tasks(loop);
      done.open();
    });
    co_await done.opened();
  });
  CHECK_FALSE(dump.empty());
}

TEST_CASE("a task that has ended is no longer in the dump") {
  event_loop loop;
  loop.run(turns(2));
  CHECK(dump_tasks(loop).empty());
}

TEST_CASE("a dump shows how long a task has waited") {
  event_loop loop;
  background_task<void> const beside(loop, waits());
  loop.run([]() -> task<> { co_await sleep_for(std::chrono::milliseconds(160)); });
  auto const entries = entries_of(dump_tasks(loop));
  REQUIRE(entries.size() == 1);
  double const seconds = std::stod(entries[0].text.substr(entries[0].text.find(", for ") + 6));
  CHECK(seconds >= 0.1);
  CHECK(seconds < 60);
}

TEST_CASE("a dump of 20000 tasks takes time proportional to their number") {
  constexpr int count = is_sanitized ? 2'000 : 20'000;
  event_loop loop;
  auto const many = []() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      for (int i = 0; i != count; ++i) group.spawn(calls());
      co_return;
    });
  };
  background_task<void> const beside(loop, many());
  loop.run(turns(3));
  auto const begin = clock::now();
  std::string const dump = dump_tasks(loop, 1 + 2 * count);
  CHECK(clock::now() - begin < std::chrono::seconds(10));
  CHECK(entries_of(dump).size() == 1 + 2 * count);
}

namespace {

task<> recurse(int depth, bool& is_deep) {
  if (depth == 0) {
    is_deep = true;
    co_await waits();
  } else {
    co_await recurse(depth - 1, is_deep);
  }
}

task<> recurse_by_groups(int depth, bool& is_deep) {
  auto const body = [&](task_group& group) -> task<> {
    group.spawn(recurse_by_groups(depth - 1, is_deep));
    co_return;
  };
  if (depth != 0) {
    co_await with_task_group(body);
  } else {
    is_deep = true;
    co_await waits();
  }
}

}  // namespace

TEST_CASE("a dump of a deep recursion is short and reports how many tasks it omits") {
  bool const by_groups = GENERATE(false, true);
  constexpr int depth = is_sanitized ? 20'000 : 50'000;
  event_loop loop;
  bool is_deep = false;
  background_task<void> const beside(loop, by_groups ? recurse_by_groups(depth, is_deep) : recurse(depth, is_deep));
  loop.run([&]() -> task<> {
    while (!is_deep) co_await yield();
  });
  auto const dump = dump_tasks(loop, 100);
  auto const entries = entries_of(dump);
  CHECK(entries.size() == 101);
  CHECK(dump.size() < 40'000);
  CHECK(entries[0].depth == 0);
  CHECK(entries[1].depth == 1);
  CHECK_THAT(entries[50].text, ContainsSubstring(" tasks left out)"));
  CHECK_THAT(entries[50].text, ContainsSubstring(std::to_string(depth + 2 - 100) + " of " + std::to_string(depth + 2)));
  CHECK_THAT(entries.back().text,
             ContainsSubstring("(level " + std::to_string(depth + 1) + ") ") && ContainsSubstring("waits"));
}

TEST_CASE("a dump omits no task unless there are more than the limit") {
  event_loop loop;
  background_task<void> const beside(loop, owns_children());
  loop.run(turns(3));
  CHECK(entries_of(dump_tasks(loop, 4)).size() == 4);
  auto const three = entries_of(dump_tasks(loop, 3));
  CHECK(three.size() == 4);
  CHECK(three[2].text == "(1 of 4 tasks left out)");
}
