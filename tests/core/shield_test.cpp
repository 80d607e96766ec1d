// What a shield protects from, and what it does not protect from.
#include <stdexcept>
#include <string>
#include <vector>

#include <strait/core/cancel_scope.hpp>
#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/timeout.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<int> answer() { co_return 42; }

}  // namespace

TEST_CASE("a shield defers a cancel until its block is done and then the next await ends") {
  std::vector<std::string> events;
  bool const done = run(run_and_cancel([&]() -> task<> {
    co_await shield([&]() -> task<> {
      co_await turns(5);
      events.push_back("cleaned up");
    });
    events.push_back("behind the shield");
    co_await yield();
    events.push_back("gone on");
  }));
  CHECK_FALSE(done);
  CHECK(events == std::vector<std::string>{"cleaned up", "behind the shield"});
}

TEST_CASE("a shield in a scope that is already canceled protects as well") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    bool cleaned_up = false;
    bool const done = co_await scope.run([&]() -> task<> {
      co_await shield(turns(3));
      cleaned_up = true;
    });
    CHECK(done);
    CHECK(cleaned_up);
  });
}

TEST_CASE("a shield protects the tasks that its block spawns") {
  int ended = 0;
  bool const done = run(run_and_cancel([&]() -> task<> {
    co_await shield([&]() -> task<> {
      co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i != 3; ++i)
          group.spawn([&]() -> task<> {
            co_await turns(4);
            ++ended;
          });
        co_return;
      });
    });
  }));
  CHECK(done);
  CHECK(ended == 3);
}

TEST_CASE("a shield returns its block's value and passes its exception on") {
  run([]() -> task<> {
    int const value = co_await shield(answer());
    CHECK(value == 42);
    bool caught = false;
    try {
      co_await shield([]() -> task<> {
        throw std::out_of_range("far out");
        co_return;
      });
    } catch (std::out_of_range const&) {
      caught = true;
    }
    CHECK(caught);
  });
}

TEST_CASE("a shield does not protect from a timeout inside it") {
  run([]() -> task<> {
    bool late = false;
    try {
      co_await shield(timeout(std::chrono::milliseconds(1), forever()));
    } catch (timed_out const&) {
      late = true;
    }
    CHECK(late);
  });
}
