// Cancellation: level-triggered, propagated downwards, not caught by handlers of standard exceptions.
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/cancel_scope.hpp>
#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/thread_pool.hpp>
#include <strait/core/timeout.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<int> answer() { co_return 42; }

// Whether awaiting `what` throws `canceled`.
template <awaitable A>
task<bool> ends_at_once(A what) {
  bool is_canceled = false;
  try {
    co_await std::move(what);
  } catch (canceled const&) {
    is_canceled = true;
  }
  co_return is_canceled;
}

}  // namespace

TEST_CASE("a block that is not canceled completes") {
  run([]() -> task<> {
    cancel_scope scope;
    bool const done = co_await scope.run(turns(2));
    CHECK(done);
    CHECK_FALSE(scope.is_canceled());
  });
}

TEST_CASE("a block that is not canceled returns its value") {
  run([]() -> task<> {
    cancel_scope scope;
    std::optional<int> const value = co_await scope.run(answer());
    CHECK(value == 42);
  });
}

TEST_CASE("a block's exception passes through its scope") {
  run([]() -> task<> {
    cancel_scope scope;
    bool caught = false;
    try {
      co_await scope.run([]() -> task<> {
        co_await yield();
        throw std::out_of_range("far out");
      });
    } catch (std::out_of_range const&) {
      caught = true;
    }
    CHECK(caught);
  });
}

TEST_CASE("a cancel ends what the block waits for and the scope returns no value") {
  bool const done = run(run_and_cancel([]() -> task<> { co_await forever(); }));
  CHECK_FALSE(done);
}

TEST_CASE("a canceled block that returns a value yields an empty optional") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    std::optional<int> const value = co_await scope.run([]() -> task<int> {
      co_await yield();
      co_return 1;
    });
    CHECK_FALSE(value.has_value());
  });
}

TEST_CASE("in a canceled scope, every await of an operation ends at once, even if it would not have to wait") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    bool called = false;
    bool const done = co_await scope.run([&]() -> task<> {
      for (int i = 0; i != 3; ++i) {
        bool const yields = co_await ends_at_once(yield());
        bool const sleeps = co_await ends_at_once(sleep_for(std::chrono::seconds(0)));
        bool const slept = co_await ends_at_once(sleep_until(clock::time_point()));
        bool const calls = co_await ends_at_once(on_thread_pool([&] { called = true; }));
        bool const times_out = co_await ends_at_once(timeout(std::chrono::hours(1), forever()));
        CHECK(yields);
        CHECK(sleeps);
        CHECK(slept);
        CHECK(calls);
        CHECK(times_out);
      }
      CHECK_FALSE(called);
    });
    CHECK(done);
  });
}

TEST_CASE("a cancellation that was caught is thrown again by the next await") {
  int caught = 0;
  bool const done = run(run_and_cancel([&]() -> task<> {
    for (int i = 0; i != 3; ++i) {
      try {
        co_await forever();
      } catch (canceled const&) {
        ++caught;
      }
    }
    co_await forever();
  }));
  CHECK_FALSE(done);
  CHECK(caught == 3);
}

TEST_CASE("a handler of standard exceptions does not swallow a cancel") {
  int rounds = 0;
  bool const done = run(run_and_cancel([&]() -> task<> {
    for (;;) {
      ++rounds;
      try {
        co_await forever();
      } catch (std::exception const&) {}
    }
  }));
  CHECK_FALSE(done);
  CHECK(rounds == 1);
}

TEST_CASE("awaiting a task is not a point of cancellation and a task that never waits completes") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    std::optional<int> const value = co_await scope.run([]() -> task<int> { co_return co_await answer() + 1; });
    CHECK(value == 43);
  });
}

TEST_CASE("a block that cancels its own scope runs until its next await") {
  run([]() -> task<> {
    cancel_scope scope;
    bool reached = false;
    bool const done = co_await scope.run([&]() -> task<> {
      scope.cancel();
      reached = true;
      co_await yield();
      reached = false;
    });
    CHECK_FALSE(done);
    CHECK(reached);
  });
}

TEST_CASE("a cancel propagates to all tasks of the block") {
  int canceled_ones = 0;
  auto const note = [&]() -> task<> {
    try {
      co_await forever();
    } catch (canceled const&) {
      ++canceled_ones;
      throw;
    }
  };
  bool const done = run(run_and_cancel([&]() -> task<> {
    co_await with_task_group([&](task_group& outer) -> task<> {
      outer.spawn(note);
      outer.spawn([&]() -> task<> {
        co_await with_task_group([&](task_group& inner) -> task<> {
          inner.spawn(note);
          cancel_scope deepest;
          co_await deepest.run(note());
        });
      });
      co_await note();
    });
  }));
  CHECK_FALSE(done);
  CHECK(canceled_ones == 4);
}

TEST_CASE("a cancel reaches all scopes inside the block") {
  int canceled_ones = 0;
  auto const wait_in_a_scope_of_its_own = [&]() -> task<> {
    cancel_scope own;
    try {
      co_await own.run(forever());
    } catch (canceled const&) {
      ++canceled_ones;
      throw;
    }
  };
  bool const done = run(run_and_cancel([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 3; ++i) group.spawn(wait_in_a_scope_of_its_own);
      co_return;
    });
  }));
  CHECK_FALSE(done);
  CHECK(canceled_ones == 3);
}

TEST_CASE("a cancel of an inner scope does not affect the outer one") {
  run([]() -> task<> {
    cancel_scope outer;
    bool const outer_done = co_await outer.run([]() -> task<> {
      cancel_scope inner;
      inner.cancel();
      bool const inner_done = co_await inner.run(forever());
      CHECK_FALSE(inner_done);
      co_await yield();
    });
    CHECK(outer_done);
  });
}

TEST_CASE("a cancel of the outer scope also ends the inner one") {
  bool passed = false;
  bool const done = run(run_and_cancel([&]() -> task<> {
    cancel_scope inner;
    try {
      co_await inner.run(forever());
    } catch (canceled const&) {
      passed = true;
      throw;
    }
  }));
  CHECK_FALSE(done);
  CHECK(passed);
}

TEST_CASE("when both scopes are canceled, the outer one ends") {
  cancel_scope inner;
  bool behind_inner = false;
  bool const done = run(run_and_cancel([&]() -> task<> {
    inner.cancel();
    co_await shield(turns(2));
    co_await inner.run(forever());
    behind_inner = true;
  }));
  CHECK_FALSE(done);
  CHECK_FALSE(behind_inner);
}

TEST_CASE("a cancel before the block begins ends it at its first await") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    bool begun = false;
    bool const done = co_await scope.run([&]() -> task<> {
      begun = true;
      co_await yield();
    });
    CHECK_FALSE(done);
    CHECK(begun);
  });
}

TEST_CASE("a cancel of a scope whose block has ended does not affect the tasks around it") {
  run([]() -> task<> {
    cancel_scope scope;
    co_await scope.run(turns(1));
    scope.cancel();
    co_await yield();
  });
}

TEST_CASE("a scope can run several blocks one after another") {
  run([]() -> task<> {
    cancel_scope scope;
    bool const first = co_await scope.run(turns(1));
    bool const second = co_await scope.run(turns(1));
    scope.cancel();
    bool const third = co_await scope.run(turns(1));
    CHECK(first);
    CHECK(second);
    CHECK_FALSE(third);
  });
}

TEST_CASE("a scope that is ended by a cancel from outside is not itself canceled and can be used again") {
  run([]() -> task<> {
    cancel_scope scope;
    bool late = false;
    try {
      co_await timeout(std::chrono::milliseconds(1), scope.run(forever()));
    } catch (timed_out const&) {
      late = true;
    }
    CHECK(late);
    CHECK_FALSE(scope.is_canceled());
    bool const done = co_await scope.run(turns(1));
    CHECK(done);
  });
}

TEST_CASE("running two blocks in one scope at the same time is diagnosed") {
  run([]() -> task<> {
    cancel_scope scope;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await scope.run(turns(3)); });
      co_await yield();
      bool diagnosed = false;
      try {
        co_await scope.run(turns(1));
      } catch (std::logic_error const&) {
        diagnosed = true;
      }
      CHECK(diagnosed);
    });
  });
}

TEST_CASE("a scope keeps a callable block alive until its task has ended") {
  int alive = 0;
  run([&]() -> task<> {
    cancel_scope scope;
    auto block = [&alive, owned = counted(alive)]() -> task<> {
      co_await turns(2);
      CHECK(alive >= 1);
    };
    co_await scope.run(std::move(block));
  });
  CHECK(alive == 0);
}

TEST_CASE("an operation that has completed when the cancel arrives delivers its result") {
  run([]() -> task<> {
    cancel_scope scope;
    std::vector<std::string> events;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        bool const done = co_await scope.run([&]() -> task<> {
          co_await yield();  // it has completed when the other task cancels it
          events.push_back("delivered");
          co_await yield();
          events.push_back("gone on");
        });
        CHECK_FALSE(done);
      });
      co_await yield();
      scope.cancel();
    });
    CHECK(events == std::vector<std::string>{"delivered"});
  });
}

TEST_CASE("a block that ends with canceled, although its scope was not canceled, passes the exception on") {
  run([]() -> task<> {
    cancel_scope scope;
    bool is_passed_on = false;
    auto throw_canceled = []() -> task<> {
      co_await yield();
      throw canceled(3);
    };
    try {
      co_await scope.run(throw_canceled());
    } catch (canceled const& c) {
      is_passed_on = c.transferred() == 3;
    }
    CHECK(is_passed_on);
    CHECK_FALSE(scope.is_canceled());

    auto throw_for_a_value = []() -> task<int> { throw canceled(); };
    is_passed_on = false;
    try {
      co_await scope.run(throw_for_a_value());
    } catch (canceled const&) {
      is_passed_on = true;
    }
    CHECK(is_passed_on);
  });
}
