// event_loop: tasks run one after another, posted functions, cancellation.
#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <strait/core/event_loop.hpp>
#include <strait/core/sleep.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<int> return_value(int value) {
  co_await yield();
  co_return value;
}
task<> wait_forever() { co_await forever(); }

}  // namespace

TEST_CASE("a loop runs one task after another") {
  event_loop loop;
  CHECK(loop.run(return_value(1)) == 1);
  CHECK(loop.run(return_value(2)) == 2);
  CHECK(loop.run([]() -> task<int> { co_return 3; }) == 3);
}

TEST_CASE("a loop can run another task after one that failed") {
  event_loop loop;
  CHECK_THROWS_AS(loop.run([]() -> task<> {
    co_await yield();
    throw std::runtime_error("failed");
  }),
                  std::runtime_error);
  CHECK(loop.run(return_value(1)) == 1);
}

TEST_CASE("current_loop returns the loop that the task runs on") {
  event_loop loop;
  event_loop* const found = loop.run([]() -> task<event_loop*> { co_return &co_await current_loop(); });
  CHECK(found == &loop);
}

TEST_CASE("run inside a task of the same loop is diagnosed and does no harm") {
  event_loop loop;
  int const value = loop.run([&]() -> task<int> {
    CHECK_THROWS_AS(loop.run(return_value(1)), std::logic_error);
    co_return co_await return_value(2);
  });
  CHECK(value == 2);
}

TEST_CASE("posted functions are called in the order of the posts and not inside the task") {
  event_loop loop;
  std::vector<int> calls;
  loop.run([&]() -> task<> {
    for (int i = 0; i != 3; ++i) loop.post([&, i] { calls.push_back(i); });
    CHECK(calls.empty());
    co_await turns(2);
    CHECK(calls == std::vector<int>{0, 1, 2});
  });
}

TEST_CASE("a function posted by a posted function is called in a later turn") {
  event_loop loop;
  int calls = 0;
  gate done;
  loop.post([&] {
    loop.post([&] {
      ++calls;
      done.open();
    });
    CHECK(calls == 0);
  });
  loop.run(done.opened());
  CHECK(calls == 1);
}

TEST_CASE("a function that is posted before the loop runs is called when the loop runs") {
  event_loop loop;
  gate done;
  loop.post([&] { done.open(); });
  loop.run(done.opened());
}

TEST_CASE("a move-only function can be posted") {
  event_loop loop;
  gate done;
  int got = 0;
  loop.post([&, owner = std::make_unique<int>(7)] {
    got = *owner;
    done.open();
  });
  loop.run(done.opened());
  CHECK(got == 7);
}

TEST_CASE("a posted function is destroyed after it has been called") {
  event_loop loop;
  int alive = 0;
  loop.post([owned = counted(alive)] {});
  CHECK(alive == 1);
  loop.run(turns(1));
  CHECK(alive == 0);
}

TEST_CASE("a posted function that is never called is destroyed with the loop") {
  int alive = 0;
  bool called = false;
  {
    event_loop loop;
    loop.run(turns(1));
    for (int i = 0; i != 3; ++i) loop.post([&, owned = counted(alive)] { called = true; });
    CHECK(alive == 3);
  }
  CHECK(alive == 0);
  CHECK_FALSE(called);
}

TEST_CASE("a post from another thread wakes a loop that sleeps", "[threads]") {
  event_loop loop;
  gate done;
  std::jthread const poster([&] { loop.post([&] { done.open(); }); });
  loop.run(done.opened());
}

TEST_CASE("functions posted from many threads are all called and in order for each thread", "[threads]") {
  constexpr int threads = 8;
  constexpr int posts = 5'000;
  event_loop loop;
  gate done;
  std::vector<int> next(threads, 0);
  bool in_order = true;
  int calls = 0;
  std::vector<std::jthread> posters;
  for (std::size_t thread = 0; thread != threads; ++thread)
    posters.emplace_back([&, thread] {
      for (int i = 0; i != posts; ++i)
        loop.post([&, thread, i] {
          in_order = in_order && next[thread]++ == i;
          if (++calls == threads * posts) done.open();
        });
    });
  loop.run(done.opened());
  CHECK(in_order);
  CHECK(next == std::vector<int>(threads, posts));
}

TEST_CASE("a loop may be destroyed as soon as the last post has returned", "[threads]") {
  std::atomic<int> calls = 0;
  for (int i = 0; i != 200; ++i) {
    event_loop loop;
    std::jthread poster([&] {
      for (int each = 0; each != 10; ++each) loop.post([&] { ++calls; });
    });
    loop.run(turns(2));
    poster.join();
  }
  CHECK(calls <= 2'000);
}

TEST_CASE("cancel from another thread ends the running task", "[threads]") {
  event_loop loop;
  std::jthread canceler;
  CHECK_THROWS_AS(loop.run([&]() -> task<> {
    canceler = std::jthread([&] { loop.cancel(); });
    co_await forever();
  }),
                  canceled);
}

TEST_CASE("cancel before run ends the next task and no other") {
  event_loop loop;
  loop.cancel();
  CHECK_THROWS_AS(loop.run(wait_forever()), canceled);
  CHECK(loop.run(return_value(1)) == 1);
}

TEST_CASE("cancel reaches all tasks that the task has spawned") {
  event_loop loop;
  int canceled_ones = 0;
  auto const child = [&]() -> task<> {
    try {
      co_await forever();
    } catch (canceled const&) {
      ++canceled_ones;
      throw;
    }
  };
  CHECK_THROWS_AS(loop.run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 5; ++i) group.spawn(child);
      co_await turns(2);
      loop.cancel();
    });
  }),
                  canceled);
  CHECK(canceled_ones == 5);
}

TEST_CASE("calling cancel twice has the effect of one call") {
  event_loop loop;
  CHECK_THROWS_AS(loop.run([&]() -> task<> {
    loop.cancel();
    loop.cancel();
    co_await forever();
  }),
                  canceled);
  loop.run(turns(1));
}

TEST_CASE("a task that completes in the turn of the cancel keeps its value, and the next one is not canceled") {
  event_loop loop;
  CHECK(loop.run([&]() -> task<int> {
    loop.cancel();
    co_return 42;
  }) == 42);
  loop.run(turns(3));
}

namespace {

/// When destroyed, posts another of its kind, `more` times in a row.
class posts_when_destroyed {
 public:
  posts_when_destroyed(event_loop& loop, int more, std::shared_ptr<int> held)
      : loop_(&loop), more_(more), held_(std::move(held)) {}
  posts_when_destroyed(posts_when_destroyed&& other) noexcept
      : loop_(std::exchange(other.loop_, nullptr)), more_(other.more_), held_(std::move(other.held_)) {}
  ~posts_when_destroyed() {
    if (loop_ && more_ != 0) loop_->post([next = posts_when_destroyed(*loop_, more_ - 1, held_)] {});
  }

 private:
  event_loop* loop_;
  int more_;
  std::shared_ptr<int> held_;
};

}  // namespace

TEST_CASE("functions posted by destructors while the loop ends are destroyed without being called") {
  auto const held = std::make_shared<int>();
  {
    event_loop loop;
    loop.post([first = posts_when_destroyed(loop, 3, held)] {});
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("a task that is canceled several times at once is canceled once, and the next one is not canceled") {
  event_loop loop;
  for (int i = 0; i != 3; ++i) loop.cancel();
  auto const sleep = []() -> task<> { co_await sleep_for(std::chrono::hours(1)); };
  CHECK_THROWS_AS(loop.run(sleep), canceled);
  int turns = 0;
  auto const goes_on = [&]() -> task<> {
    for (; turns != 5; ++turns) co_await yield();
  };
  CHECK_NOTHROW(loop.run(goes_on));
  CHECK(turns == 5);
  loop.cancel();
  CHECK_THROWS_AS(loop.run(sleep), canceled);
}
