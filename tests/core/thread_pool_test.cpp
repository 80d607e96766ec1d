// on_thread_pool: blocking calls outside the loop's thread.
#include <atomic>
#include <chrono>
#include <fstream>
#include <latch>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/thread_pool.hpp>

#include "catch.hpp"
#include "program.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

/// Blocking calls that keep the pool's threads busy until the test releases them.
class busy_calls {
 public:
  void operator()() {
    ++begun_;
    go_.acquire();
  }
  [[nodiscard]] unsigned begun() const { return begun_; }
  void release(unsigned count) { go_.release(static_cast<std::ptrdiff_t>(count)); }

 private:
  std::atomic<unsigned> begun_ = 0;
  std::counting_semaphore<> go_{0};
};

}  // namespace

TEST_CASE("a blocking call returns its value", "[threads]") {
  CHECK(run([]() -> task<int> { co_return co_await on_thread_pool([] { return 42; }); }) == 42);
}

TEST_CASE("an await of a blocking call without a value completes when the call has returned", "[threads]") {
  run([]() -> task<> {
    bool called = false;
    co_await on_thread_pool([&] { called = true; });
    CHECK(called);
  });
}

TEST_CASE("an exception of a blocking call is thrown in the task that awaits it", "[threads]") {
  CHECK_THROWS_WITH(run([]() -> task<> { co_await on_thread_pool([] { throw std::out_of_range("far out"); }); }),
                    "far out");
}

TEST_CASE("a blocking call may take and return move-only values", "[threads]") {
  run([]() -> task<> {
    auto owner = std::make_unique<int>(7);
    auto call = [owner = std::move(owner)]() mutable { return std::move(owner); };
    std::unique_ptr<int> const back = co_await on_thread_pool(std::move(call));
    CHECK(*back == 7);
  });
}

TEST_CASE("a blocking call runs on another thread and the task resumes on its own thread", "[threads]") {
  run([]() -> task<> {
    auto const here = std::this_thread::get_id();
    auto const there = co_await on_thread_pool([] { return std::this_thread::get_id(); });
    CHECK(there != here);
    CHECK(std::this_thread::get_id() == here);
  });
}

TEST_CASE("the loop continues to run while a call blocks", "[threads]") {
  std::binary_semaphore go(0);
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await on_thread_pool([&] { go.acquire(); }); });
      co_await turns(10);
      go.release();
    });
  });
}

TEST_CASE("at most thread_pool_size calls run at the same time and further calls wait", "[threads]") {
  constexpr unsigned calls = 3 * thread_pool_size;
  busy_calls busy;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (unsigned i = 0; i != calls; ++i) group.spawn([&]() -> task<> { co_await on_thread_pool([&] { busy(); }); });
      while (busy.begun() < thread_pool_size) co_await sleep_for(std::chrono::milliseconds(1));
      co_await sleep_for(std::chrono::milliseconds(20));
      CHECK(busy.begun() == thread_pool_size);
      busy.release(calls);
    });
  });
  CHECK(busy.begun() == calls);
}

TEST_CASE("consecutive calls run on the same thread even if other threads are idle", "[threads]") {
  busy_calls busy;
  constexpr unsigned threads = 4;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (unsigned i = 0; i != threads; ++i)
        group.spawn([&]() -> task<> { co_await on_thread_pool([&] { busy(); }); });
      while (busy.begun() < threads) co_await yield();
      busy.release(threads);
    });
    auto const here = [] { return std::this_thread::get_id(); };
    auto const first = co_await on_thread_pool(here);
    for (int i = 0; i != 100; ++i) {
      auto const next = co_await on_thread_pool(here);
      CHECK(next == first);
    }
  });
}

TEST_CASE("calls that wait for a thread start in the order in which they were made", "[threads]") {
  busy_calls busy;
  std::vector<int> order;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (unsigned i = 0; i != thread_pool_size; ++i)
        group.spawn([&]() -> task<> { co_await on_thread_pool([&] { busy(); }); });
      while (busy.begun() < thread_pool_size) co_await yield();
      for (int i = 0; i != 10; ++i)
        group.spawn([&order, i]() -> task<> { co_await on_thread_pool([&order, i] { order.push_back(i); }); });
      co_await turns(3);
      busy.release(1);  // a single thread runs the ten calls
      while (group.size() >= thread_pool_size) co_await yield();
      busy.release(thread_pool_size - 1);
    });
  });
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("a cancel ends the wait of a call that has not started and the call is never made", "[threads]") {
  busy_calls busy;
  bool called = false;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (unsigned i = 0; i != thread_pool_size; ++i)
        group.spawn([&]() -> task<> { co_await on_thread_pool([&] { busy(); }); });
      while (busy.begun() < thread_pool_size) co_await yield();
      cancel_scope scope;
      co_await with_task_group([&](task_group& inner) -> task<> {
        inner.spawn([&]() -> task<> {
          bool const done = co_await scope.run(on_thread_pool([&] { called = true; }));
          CHECK_FALSE(done);
        });
        co_await turns(2);
        scope.cancel();
      });
      busy.release(thread_pool_size);
    });
  });
  CHECK_FALSE(called);
}

TEST_CASE("a call that has started is waited for in spite of a cancel and its value is delivered", "[threads]") {
  std::atomic<bool> begun = false;
  std::binary_semaphore go(0);
  run([&]() -> task<> {
    cancel_scope scope;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        std::optional<int> const value = co_await scope.run(on_thread_pool([&] {
          begun = true;
          go.acquire();
          return 42;
        }));
        CHECK(value == 42);
      });
      while (!begun) co_await yield();
      scope.cancel();
      co_await turns(5);
      CHECK(group.size() == 1);
      go.release();
    });
  });
}

TEST_CASE("a task that is dropped while its call runs is destroyed when the call has returned", "[threads]") {
  for (int i = 0; i != 100; ++i) {
    event_loop loop;
    std::atomic<bool> begun = false;
    std::binary_semaphore go(0);
    bool ended = false;
    auto const work = [&]() -> task<> {
      co_await on_thread_pool([&] {
        begun = true;
        go.acquire();
        ended = true;
      });
    };
    auto dropped = std::make_unique<background_task<void>>(loop, work());
    loop.run([&]() -> task<> {
      while (!begun) co_await yield();
    });
    std::jthread const releaser([&] { go.release(); });
    dropped.reset();
    CHECK(ended);
  }
}

TEST_CASE("a task that is dropped while its call waits for a thread is destroyed at once", "[threads]") {
  busy_calls busy;
  event_loop loop;
  bool called = false;
  loop.run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (unsigned i = 0; i != thread_pool_size; ++i)
        group.spawn([&]() -> task<> { co_await on_thread_pool([&] { busy(); }); });
      while (busy.begun() < thread_pool_size) co_await yield();
      auto const work = [&]() -> task<> { co_await on_thread_pool([&] { called = true; }); };
      {
        background_task<void> const dropped(loop, work());
        co_await turns(3);
      }
      busy.release(thread_pool_size);
    });
  });
  CHECK_FALSE(called);
}

TEST_CASE("loops on several threads share one pool", "[threads]") {
  std::atomic<int> sum = 0;
  run_on_threads(3, [&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 200; ++i) group.spawn([&]() -> task<> { sum += co_await on_thread_pool([] { return 1; }); });
      co_return;
    });
  });
  CHECK(sum == 600);
}

TEST_CASE("cancels may race with the start and the end of calls", "[threads]") {
  constexpr int rounds = is_sanitized ? 2'000 : 10'000;
  int done = 0;
  std::atomic<int> called = 0;
  run([&]() -> task<> {
    for (int i = 0; i != rounds; ++i) {
      cancel_scope scope;
      co_await with_task_group([&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> {
          std::optional<int> const value = co_await scope.run(on_thread_pool([&] { return ++called; }));
          if (value) ++done;
        });
        co_await turns(i % 3);
        scope.cancel();
      });
    }
  });
  CHECK(done == called);
}

TEST_CASE("queueing and canceling tens of thousands of calls takes time linear in their number", "[threads]") {
  constexpr int count = is_sanitized ? 5'000 : 50'000;
  auto const begin = std::chrono::steady_clock::now();
  std::atomic<int> called = 0;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != count; ++i) group.spawn([&]() -> task<> { co_await on_thread_pool([&] { ++called; }); });
      co_return;
    });
  });
  CHECK(called == count);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
}

TEST_CASE("a call that runs a loop whose tasks make further calls does not wait for a free thread", "[threads]") {
  std::latch all_run(thread_pool_size);
  int sum = 0;
  run([&]() -> task<> {
    auto const nested = [] { return run([]() -> task<int> { co_return co_await on_thread_pool([] { return 1; }); }); };
    co_await with_task_group([&](task_group& group) -> task<> {
      for (unsigned i = 0; i != thread_pool_size; ++i)
        group.spawn([&]() -> task<> {
          sum += co_await on_thread_pool([&] {
            all_run.arrive_and_wait();
            return nested();
          });
        });
      co_return;
    });
  });
  CHECK(sum == thread_pool_size);
}

TEST_CASE("threads that were started for nested calls are not used for other calls afterwards", "[threads]") {
  busy_calls busy;
  run([&]() -> task<> {
    std::latch all_run(thread_pool_size);
    co_await with_task_group([&](task_group& group) -> task<> {
      for (unsigned i = 0; i != thread_pool_size; ++i)
        group.spawn([&]() -> task<> {
          co_await on_thread_pool([&] {
            all_run.arrive_and_wait();
            run([]() -> task<> { co_await on_thread_pool([] {}); });
          });
        });
      co_return;
    });
    co_await with_task_group([&](task_group& group) -> task<> {
      for (unsigned i = 0; i != 2 * thread_pool_size; ++i)
        group.spawn([&]() -> task<> { co_await on_thread_pool([&] { busy(); }); });
      while (busy.begun() < thread_pool_size) co_await sleep_for(std::chrono::milliseconds(1));
      co_await sleep_for(std::chrono::milliseconds(20));
      CHECK(busy.begun() == thread_pool_size);
      busy.release(2 * thread_pool_size);
    });
  });
}

#if !defined(STRAIT_TESTS_SANITIZED)  // a sanitizer needs more memory than the limit leaves

TEST_CASE("program without memory for another thread", "[.]") {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  auto const memory = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + 1'024 * 1'024;
  ::rlimit const limit{memory, memory};
  ::setrlimit(RLIMIT_AS, &limit);
  exit_with(run_main([]() -> task<> { co_await on_thread_pool([] {}); }()));
}
TEST_CASE("a blocking call fails if no thread can be started for it") {
  program starved("program without memory for another thread");
  CHECK(starved.status() == 1);
  CHECK(starved.errors() == "strait_program: start a thread for blocking calls: resource temporarily unavailable\n");
}

#endif
