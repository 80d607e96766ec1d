// task_group: the group waits for its children, and a cancel reaches all of them.
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

TEST_CASE("a group with no children ends with its body") {
  bool ran = false;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      ran = group.size() == 0;
      co_return;
    });
  });
  CHECK(ran);
}

TEST_CASE("a group waits for its children") {
  int ended = 0;
  run([&]() -> task<> {
    auto const child = [&](int after) -> task<> {
      co_await turns(after);
      ++ended;
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 10; ++i) group.spawn(child(i));
      co_return;
    });
    CHECK(ended == 10);
  });
}

TEST_CASE("children start in the loop's next turn in the order in which they were spawned") {
  trace events;
  run([&]() -> task<> {
    auto const child = [&](std::string name) -> task<> {
      events.push_back(name);
      co_return;
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(child("first"));
      group.spawn(child("second"));
      group.spawn(child("third"));
      events.push_back("body");
      co_return;
    });
  });
  CHECK(events == trace{"body", "first", "second", "third"});
}

TEST_CASE("children that take turns run in the order in which they were spawned") {
  std::string order;
  run([&]() -> task<> {
    auto const child = [&](char name) -> task<> {
      for (int i = 0; i != 3; ++i) {
        order += name;
        co_await yield();
      }
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      for (char const name : {'a', 'b', 'c'}) group.spawn(child(name));
      co_return;
    });
  });
  CHECK(order == "abcabcabc");
}

TEST_CASE("a group returns its body's value when the children have ended") {
  bool child_ended = false;
  int const value = run([&]() -> task<int> {
    co_return co_await with_task_group([&](task_group& group) -> task<int> {
      group.spawn([&]() -> task<> {
        co_await turns(3);
        child_ended = true;
      });
      co_return 42;
    });
  });
  CHECK(value == 42);
  CHECK(child_ended);
}

TEST_CASE("a group's body can return a move-only value") {
  auto const value = run([]() -> task<std::unique_ptr<int>> {
    co_return co_await with_task_group(
        [](task_group&) -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); });
  });
  CHECK(*value == 7);
}

TEST_CASE("size returns the number of children that have not ended") {
  run([]() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      for (int i = 0; i != 3; ++i) group.spawn(turns(i + 2));
      CHECK(group.size() == 3);
      while (group.size() > 1) co_await yield();
    });
  });
}

TEST_CASE("group.cancel ends the body and the children, and the group completes normally") {
  trace events;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(note_cancel(events, "child"));
      group.spawn([&]() -> task<> {
        co_await turns(2);
        group.cancel();
      });
      co_await note_cancel(events, "body");
    });
    events.push_back("behind");
    co_await yield();
    events.push_back("not canceled");
  });
  CHECK(sorted(events) == trace{"behind", "body canceled", "child canceled", "not canceled"});
}

TEST_CASE("a group that is canceled before its body returns a value ends with canceled") {
  CHECK_THROWS_AS(run([]() -> task<int> {
                    co_return co_await with_task_group([](task_group& group) -> task<int> {
                      group.cancel();
                      co_await forever();
                      co_return 1;
                    });
                  }),
                  canceled);
}

TEST_CASE("a body that cancels its children and then returns a value delivers that value") {
  trace events;
  int const value = run([&]() -> task<int> {
    co_return co_await with_task_group([&](task_group& group) -> task<int> {
      group.spawn(note_cancel(events, "child"));
      co_await turns(2);
      group.cancel();
      co_return 42;
    });
  });
  CHECK(value == 42);
  CHECK(events == trace{"child canceled"});
}

TEST_CASE("a cancel from outside ends a group with canceled after its children have ended") {
  trace events;
  cancel_scope scope;
  run([&]() -> task<> {
    auto const slow_child = [&]() -> task<> {
      try {
        co_await forever();
      } catch (canceled const&) {}
      co_await shield(turns(5));
      events.push_back("child cleaned up");
    };
    auto const work = [&]() -> task<> {
      try {
        co_await with_task_group([&](task_group& group) -> task<> {
          group.spawn(slow_child);
          co_await turns(2);
          scope.cancel();
          co_await forever();
        });
      } catch (canceled const&) {
        events.push_back("group canceled");
        throw;
      }
    };
    bool const done = co_await scope.run(work());
    CHECK_FALSE(done);
  });
  CHECK(events == trace{"child cleaned up", "group canceled"});
}

TEST_CASE("a cancel from outside that arrives when all tasks have completed has no effect") {
  cancel_scope scope;
  run([&]() -> task<> {
    bool const done = co_await scope.run([&]() -> task<> {
      co_await with_task_group([&](task_group& group) -> task<> {
        group.spawn(turns(1));
        scope.cancel();
        co_return;
      });
    });
    CHECK_FALSE(done);  // the child was canceled

    cancel_scope second;
    bool const second_done = co_await second.run([&]() -> task<> {
      co_await with_task_group([&](task_group& group) -> task<> {
        group.spawn([]() -> task<> { co_return; });
        second.cancel();
        co_return;
      });
    });
    CHECK(second_done);  // no task was canceled
  });
}

TEST_CASE("a child spawned into a canceled group runs to its first await") {
  trace events;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      group.cancel();
      group.spawn([&]() -> task<> {
        events.push_back("begun");
        co_await yield();
        events.push_back("gone on");
      });
      co_return;
    });
  });
  CHECK(events == trace{"begun"});
}

TEST_CASE("a child can spawn siblings even after the body has ended") {
  int ended = 0;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await turns(3);
        for (int i = 0; i != 3; ++i)
          group.spawn([&]() -> task<> {
            co_await turns(2);
            ++ended;
          });
      });
      co_return;
    });
  });
  CHECK(ended == 3);
}

TEST_CASE("spawn keeps a callable and its arguments alive until the task has ended") {
  int alive = 0;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn(
          [&alive, captured = counted(alive)](counted, std::unique_ptr<int> owner) -> task<> {
            co_await turns(3);
            CHECK(alive >= 2);
            CHECK(*owner == 7);
          },
          counted(alive), std::make_unique<int>(7));
      co_await turns(2);
      CHECK(alive >= 2);
      while (group.size() != 0) co_await yield();
      CHECK(alive == 0);
    });
  });
}

TEST_CASE("spawn of a task that has already been consumed is diagnosed") {
  run([]() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      task<> work = turns(1);
      group.spawn(std::move(work));
      CHECK_THROWS_AS(group.spawn(std::move(work)), std::logic_error);
      co_return;
    });
  });
}

TEST_CASE("a child's memory is released when the child ends and not when the group ends") {
  int alive = 0;
  run([&]() -> task<> {
    auto const child = [](counted) -> task<> { co_await yield(); };
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 100; ++i) group.spawn(child(counted(alive)));
      CHECK(alive == 100);
      while (group.size() != 0) co_await yield();
      CHECK(alive == 0);
    });
  });
}

TEST_CASE("a group's callable body is kept alive until the group has ended") {
  int alive = 0;
  run([&]() -> task<> {
    auto body = [&alive, owned = counted(alive)](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await turns(5);
        CHECK(alive >= 1);
      });
      co_return;
    };
    co_await with_task_group(std::move(body));
  });
  CHECK(alive == 0);
}

TEST_CASE("a child that ends with canceled, although its group was not canceled, ends the group with canceled") {
  trace events;
  CHECK_THROWS_AS(run([&]() -> task<> {
                    co_await with_task_group([&](task_group& group) -> task<> {
                      group.spawn(note_cancel(events, "sibling"));
                      group.spawn([]() -> task<> {
                        co_await turns(2);
                        throw canceled();
                      });
                      co_await note_cancel(events, "body");
                    });
                  }),
                  canceled);
  CHECK(sorted(events) == trace{"body canceled", "sibling canceled"});
}

TEST_CASE("a group can run a hundred thousand children one after another") {
  constexpr int count = is_sanitized ? 20'000 : 100'000;
  int ended = 0;
  auto const child = [&]() -> task<> {
    co_await yield();
    ++ended;
  };
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != count; ++i) group.spawn(child());
      co_return;
    });
  });
  CHECK(ended == count);
}

TEST_CASE("the time to cancel a hundred thousand children in scopes of their own is linear in their number") {
  constexpr int count = is_sanitized ? 10'000 : 100'000;
  int ended = 0;
  auto const child = [&]() -> task<> {
    cancel_scope own;
    try {
      co_await own.run(forever());
    } catch (canceled const&) {
      ++ended;
      throw;
    }
  };
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != count; ++i) group.spawn(child());
      co_await turns(2);
      auto const before = clock::now();
      group.cancel();
      CHECK(clock::now() - before < std::chrono::seconds(2));
    });
  });
  CHECK(ended == count);
}

TEST_CASE("a child that is spawned after the last one has ended, but before the group has returned, is run") {
  bool has_run = false;
  run([&]() -> task<> {
    gate opened;
    task_group* inner = nullptr;
    auto own_a_group = [&]() -> task<> {
      auto body = [&](task_group& group) -> task<> {
        inner = &group;
        group.spawn(opened.opened());
        co_return;
      };
      co_await with_task_group(body);
      CHECK(has_run);
      inner = nullptr;
    };
    auto spawn_when_it_is_empty = [&]() -> task<> {
      for (int turn = 0; turn != 100 && (!inner || inner->size() != 0); ++turn) co_await yield();
      if (!inner) co_return;
      inner->spawn([&]() -> task<> {
        co_await turns(2);
        has_run = true;
      });
    };
    auto look_each_turn = [&](task_group& group) -> task<> {
      group.spawn(spawn_when_it_is_empty());
      group.spawn(own_a_group());
      group.spawn([&]() -> task<> {
        co_await turns(5);
        opened.open();
      });
      co_return;
    };
    co_await with_task_group(look_each_turn);
  });
  CHECK(has_run);
}
