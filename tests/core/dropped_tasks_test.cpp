// Tasks that are destroyed while they wait because their loop ends: at any depth, from the innermost outwards.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/as_result.hpp>
#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/timeout.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

/// Records when it is destroyed.
class noted {
 public:
  noted(trace& events, std::string name) : events_(events), name_(std::move(name)) {}
  noted(noted const&) = delete;
  noted& operator=(noted const&) = delete;
  ~noted() { events_.push_back(name_); }

 private:
  trace& events_;
  std::string name_;
};

// Runs the task that `what` makes until it has set `waits`, and then destroys it.
template <class Make>
void drop_when_it_waits(Make make) {
  event_loop loop;
  bool waits = false;
  background_task<void> const beside(loop, make(waits));
  loop.run([&]() -> task<> {
    while (!waits) co_await yield();
    co_await turns(2);
  });
}

task<> recurse(int depth, bool& waits, counted alive) {
  if (depth == 0) {
    waits = true;
    co_await forever();
  } else {
    co_await recurse(depth - 1, waits, alive);
  }
}

task<> recurse_by_results(int depth, bool& waits, counted alive) {
  if (depth == 0) {
    waits = true;
    co_await forever();
  } else {
    static_cast<void>(co_await as_result(recurse_by_results(depth - 1, waits, alive)));
  }
}

task<> wait_beside(counted) { co_await forever(); }

task<> recurse_by_groups(int depth, bool& waits, counted alive) {
  auto const body = [&](task_group& group) -> task<> {
    group.spawn(wait_beside(alive));
    group.spawn(recurse_by_groups(depth - 1, waits, alive));
    co_return;
  };
  if (depth == 0) {
    waits = true;
    co_await forever();
  } else {
    co_await with_task_group(body);
  }
}

task<> wait_in_scopes(trace& events) {
  noted const here(events, "sibling");
  co_await timeout(std::chrono::hours(1), forever());
}

task<> innermost(trace& events, bool& waits) {
  noted const here(events, "innermost");
  waits = true;
  co_await forever();
}

task<> inner(trace& events, bool& waits) {
  noted const here(events, "inner");
  co_await timeout(std::chrono::hours(1), innermost(events, waits));
}

task<> outer(trace& events, bool& waits) {
  noted const here(events, "outer");
  auto const body = [&](task_group& group) -> task<> {
    noted const in_body(events, "body");
    group.spawn(wait_in_scopes(events));
    group.spawn(inner(events, waits));
    co_await forever();
  };
  co_await with_task_group(body);
}

}  // namespace

TEST_CASE("a waiting chain of 150000 tasks can be destroyed") {
  constexpr int depth = is_sanitized ? 30'000 : 150'000;
  int alive = 0;
  drop_when_it_waits([&](bool& waits) { return recurse(depth, waits, counted(alive)); });
  CHECK(alive == 0);
  drop_when_it_waits([&](bool& waits) { return recurse_by_results(depth, waits, counted(alive)); });
  CHECK(alive == 0);
}

TEST_CASE("deeply nested groups can be destroyed") {
  constexpr int depth = is_sanitized ? 10'000 : 50'000;
  int alive = 0;
  drop_when_it_waits([&](bool& waits) { return recurse_by_groups(depth, waits, counted(alive)); });
  CHECK(alive == 0);
}

TEST_CASE("waiting tasks are destroyed from the innermost outwards") {
  trace events;
  drop_when_it_waits([&](bool& waits) { return outer(events, waits); });
  REQUIRE(events.size() == 5);
  CHECK(events[3] == "body");
  CHECK(events[4] == "outer");
  auto const place = [&](char const* name) { return std::find(events.begin(), events.end(), name); };
  CHECK(place("innermost") + 1 == place("inner"));
}

TEST_CASE("a task that is being destroyed may use the variables of the tasks around it") {
  run([]() -> task<> {
    event_loop& here = co_await current_loop();
    std::string text(100, 'x');
    trace events;
    auto use_at_the_end = [&](bool& waits) -> task<> {
      std::vector<std::string> mine(3, text);
      auto note_mine = [&]() -> task<> {
        struct noter {
          std::vector<std::string>& used;
          trace& to;
          ~noter() { to.push_back(used.at(2)); }
        } const at_end{mine, events};
        waits = true;
        co_await forever();
      };
      co_await note_mine();
    };
    {
      bool waits = false;
      background_task<void> const beside(here, use_at_the_end(waits));
      while (!waits) co_await yield();
    }
    CHECK(events == trace{text});
  });
}
