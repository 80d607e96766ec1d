// task_group: no failure is ever lost.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<> fail(std::string text) {
  throw std::runtime_error(text);
  co_return;
}

task<> fail_later(int after, std::string text) {
  co_await turns(after);
  throw std::runtime_error(text);
}

// When it is canceled, it throws another exception.
task<> fail_when_canceled(std::string text) {
  try {
    co_await forever();
  } catch (canceled const&) {
    throw std::runtime_error(text);
  }
}

task<> wait_forever() { co_await forever(); }

}  // namespace

TEST_CASE("a child that fails cancels its siblings and the body, and its exception is rethrown") {
  trace events;
  CHECK_THROWS_WITH(run([&]() -> task<> {
                      co_await with_task_group([&](task_group& group) -> task<> {
                        group.spawn(note_cancel(events, "sibling"));
                        group.spawn(fail("the child failed"));
                        co_await note_cancel(events, "body");
                      });
                    }),
                    "the child failed");
  CHECK(sorted(events) == trace{"body canceled", "sibling canceled"});
}

TEST_CASE("a body that fails cancels the children, and its exception is rethrown when they have ended") {
  trace events;
  CHECK_THROWS_WITH(run([&]() -> task<> {
                      co_await with_task_group([&](task_group& group) -> task<> {
                        group.spawn(note_cancel(events, "child"));
                        co_await turns(2);
                        throw std::runtime_error("the body failed");
                      });
                    }),
                    "the body failed");
  CHECK(events == trace{"child canceled"});
}

TEST_CASE("a child's exception keeps its type") {
  CHECK_THROWS_AS(run([]() -> task<> {
                    co_await with_task_group([](task_group& group) -> task<> {
                      group.spawn([]() -> task<> {
                        throw unexpected_end("read", 3, 8);
                        co_return;
                      });
                      co_return;
                    });
                  }),
                  unexpected_end);
}

TEST_CASE("a child that throws a number is handled like any other failure") {
  CHECK_THROWS_AS(run([]() -> task<> {
                    co_await with_task_group([](task_group& group) -> task<> {
                      group.spawn([]() -> task<> {
                        throw 42;
                        co_return;
                      });
                      co_await forever();
                    });
                  }),
                  int);
}

TEST_CASE("several failures are rethrown as one exception in the order in which they occurred") {
  try {
    run([]() -> task<> {
      co_await with_task_group([](task_group& group) -> task<> {
        group.spawn([]() -> task<> {
          co_await shield(turns(9));
          throw std::runtime_error("the third");
        });
        group.spawn(fail_later(2, "the first"));
        co_await fail_when_canceled("the second");
      });
    });
    FAIL("nothing was thrown");
  } catch (multiple_errors const& all) {
    CHECK(std::string(all.what()) == "3 errors: the first; the second; the third");
  }
}

TEST_CASE("the failure of a child is reported even if the body has ended before") {
  CHECK_THROWS_WITH(run([]() -> task<int> {
                      co_return co_await with_task_group([](task_group& group) -> task<int> {
                        group.spawn(fail_later(5, "late"));
                        co_return 1;
                      });
                    }),
                    "late");
}

TEST_CASE("a failure during a cancel from outside is not lost") {
  cancel_scope scope;
  CHECK_THROWS_WITH(run([&]() -> task<> {
                      auto const group_that_fails = [&]() -> task<> {
                        co_await with_task_group([&](task_group& group) -> task<> {
                          group.spawn(fail_when_canceled("cannot clean up"));
                          co_await turns(2);
                          scope.cancel();
                        });
                      };
                      co_await scope.run(group_that_fails());
                    }),
                    "cannot clean up");
}

TEST_CASE("a group with a hook reports each failure and continues") {
  trace reported;
  run([&]() -> task<> {
    auto const report = [&](std::exception_ptr failure) { reported.push_back(describe(failure)); };
    co_await with_task_group(report, [&](task_group& group) -> task<> {
      group.spawn(fail("one"));
      group.spawn(fail_later(3, "two"));
      co_await turns(5);
      CHECK_FALSE(group.is_canceled());
    });
  });
  CHECK(reported == trace{"one", "two"});
}

TEST_CASE("a group with a hook returns its body's value even if children fail") {
  int const value = run([]() -> task<int> {
    co_return co_await with_task_group([](std::exception_ptr) {},
                                       [](task_group& group) -> task<int> {
                                         group.spawn(fail("unimportant"));
                                         co_return 42;
                                       });
  });
  CHECK(value == 42);
}

TEST_CASE("a group with a hook still fails with its body") {
  trace events;
  auto const report = [&](std::exception_ptr failure) { events.push_back(describe(failure)); };
  CHECK_THROWS_WITH(run([&]() -> task<> {
                      co_await with_task_group(report, [&](task_group& group) -> task<> {
                        group.spawn(note_cancel(events, "child"));
                        co_await fail_later(2, "the body failed");
                      });
                    }),
                    "the body failed");
  CHECK(events == trace{"child canceled"});
}

TEST_CASE("a hook is not called for children that are canceled") {
  int reports = 0;
  run([&]() -> task<> {
    auto const report = [&](std::exception_ptr) { ++reports; };
    co_await with_task_group(report, [](task_group& group) -> task<> {
      group.spawn(wait_forever());
      co_await turns(2);
      group.cancel();
    });
  });
  CHECK(reports == 0);
}

TEST_CASE("a hook that throws ends the group with that exception") {
  trace events;
  CHECK_THROWS_WITH(run([&]() -> task<> {
                      auto const report = [](std::exception_ptr failure) { std::rethrow_exception(failure); };
                      co_await with_task_group(report, [&](task_group& group) -> task<> {
                        group.spawn(note_cancel(events, "sibling"));
                        group.spawn(fail("too much"));
                        co_await note_cancel(events, "body");
                      });
                    }),
                    "too much");
  CHECK(sorted(events) == trace{"body canceled", "sibling canceled"});
}

TEST_CASE("a hook may cancel the group") {
  run([]() -> task<> {
    task_group* here = nullptr;
    auto const report = [&](std::exception_ptr) { here->cancel(); };
    co_await with_task_group(report, [&](task_group& group) -> task<> {
      here = &group;
      group.spawn(fail("enough"));
      co_await forever();
    });
  });
}

TEST_CASE("a failure in the innermost of nested groups ends them all") {
  trace events;
  CHECK_THROWS_WITH(run([&]() -> task<> {
                      co_await with_task_group([&](task_group& outer) -> task<> {
                        outer.spawn(note_cancel(events, "outer child"));
                        co_await with_task_group([&](task_group& inner) -> task<> {
                          inner.spawn(note_cancel(events, "inner child"));
                          co_await fail_later(2, "bottom");
                        });
                      });
                    }),
                    "bottom");
  CHECK(events == trace{"inner child canceled", "outer child canceled"});
}
