// run, run_on_threads, run_main: results, threads, and a program's signals and exit status.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <strait/core/cancel_scope.hpp>
#include <strait/core/event_loop.hpp>
#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "program.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

// Prints "running", and "cleaned up" when it is canceled.
task<> run_until_canceled() {
  struct clean_up {
    ~clean_up() { print_line("cleaned up"); }
  } const at_the_end;
  print_line("running");
  co_await forever();
}

// Does not end when it is canceled; prints "stopping" instead.
task<> run_stubbornly() {
  print_line("running");
  try {
    co_await forever();
  } catch (canceled const&) {
    print_line("stopping");
  }
  co_await shield(forever());
}

task<> wait_forever() { co_await forever(); }

task<> fail() {
  co_await yield();
  throw std::runtime_error("out of luck");
}

}  // namespace

TEST_CASE("run returns the task's value") {
  auto const answer = []() -> task<int> {
    co_await yield();
    co_return 42;
  };
  CHECK(run(answer()) == 42);
}

TEST_CASE("run returns a move-only value") {
  auto const make = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  CHECK(*run(make()) == 7);
}

TEST_CASE("run throws the task's exception") { CHECK_THROWS_AS(run(fail()), std::runtime_error); }

TEST_CASE("run keeps a callable alive until its task has ended") {
  int alive = 0;
  run([owned = counted(alive), &alive]() -> task<> {
    co_await turns(3);
    CHECK(alive == 1);
  });
  CHECK(alive == 0);
}

TEST_CASE("run of a task that cancels itself throws canceled") {
  CHECK_THROWS_AS(run([]() -> task<> {
                    event_loop& loop = co_await current_loop();
                    loop.cancel();
                    co_await forever();
                  }),
                  canceled);
}

TEST_CASE("run inside a task runs another loop") {
  int const value = run([]() -> task<int> {
    co_await yield();
    co_return run([]() -> task<int> {
      co_await yield();
      co_return 1;
    }) + 1;
  });
  CHECK(value == 2);
}

TEST_CASE("run_on_threads calls the factory once for each index on a separate thread", "[threads]") {
  std::mutex mutex;
  std::vector<unsigned> indexes;
  std::vector<std::thread::id> threads;
  run_on_threads(4, [&](unsigned index) -> task<> {
    co_await yield();
    std::lock_guard const lock(mutex);
    indexes.push_back(index);
    threads.push_back(std::this_thread::get_id());
  });
  std::sort(indexes.begin(), indexes.end());
  std::sort(threads.begin(), threads.end());
  CHECK(indexes == std::vector<unsigned>{0, 1, 2, 3});
  CHECK(std::unique(threads.begin(), threads.end()) == threads.end());
}

TEST_CASE("run_on_threads accepts a factory that does not take an index", "[threads]") {
  std::atomic<int> runs = 0;
  run_on_threads(3, [&]() -> task<> {
    ++runs;
    co_return;
  });
  CHECK(runs == 3);
}

TEST_CASE("run_on_threads runs index 0 on the calling thread", "[threads]") {
  std::thread::id first;
  run_on_threads(2, [&](unsigned index) -> task<> {
    if (index == 0) first = std::this_thread::get_id();
    co_return;
  });
  CHECK(first == std::this_thread::get_id());
}

TEST_CASE("run_on_threads cancels the other tasks when one fails and throws its exception", "[threads]") {
  for (unsigned failing = 0; failing != 3; ++failing) {
    std::atomic<int> canceled_ones = 0;
    CHECK_THROWS_WITH(run_on_threads(3,
                                     [&](unsigned index) -> task<> {
                                       if (index == failing) throw std::runtime_error("out of luck");
                                       try {
                                         co_await forever();
                                       } catch (canceled const&) {
                                         ++canceled_ones;
                                         throw;
                                       }
                                     }),
                      "out of luck");
    CHECK(canceled_ones == 2);
  }
}

TEST_CASE("run_on_threads throws several failures as one exception", "[threads]") {
  std::atomic<int> failing = 0;
  try {
    run_on_threads(3, [&]() -> task<> {
      ++failing;
      while (failing != 3) co_await shield(yield());
      throw std::runtime_error("out of luck");
    });
    FAIL("nothing was thrown");
  } catch (multiple_errors const& all) {
    CHECK(all.size() == 3);
    CHECK(describe(all[2]) == "out of luck");
  }
}

TEST_CASE("run_on_threads catches an exception thrown by a factory", "[threads]") {
  auto const refuse = [](unsigned index) {
    if (index == 1) throw std::runtime_error("no task for you");
    return wait_forever();
  };
  CHECK_THROWS_WITH(run_on_threads(2, refuse), "no task for you");
}

TEST_CASE("run_on_threads with no threads is diagnosed") {
  CHECK_THROWS_AS(run_on_threads(0, []() -> task<> { co_return; }), std::invalid_argument);
}

TEST_CASE("run_on_threads discards the values of its tasks", "[threads]") {
  std::atomic<int> runs = 0;
  run_on_threads(2, [&]() -> task<int> { co_return ++runs; });
  CHECK(runs == 2);
}

TEST_CASE("run_main returns 0 when the task has completed") {
  CHECK(run_main([]() -> task<> { co_await yield(); }()) == 0);
}

TEST_CASE("run_main returns the value of a task<int>") {
  auto const seven = []() -> task<int> { co_return 7; };
  CHECK(run_main(seven()) == 7);
  CHECK(run_main(seven) == 7);
}

TEST_CASE("run_main returns 0 when its callable's task has returned an object") {
  CHECK(run_main([]() -> task<std::string> { co_return "statistics"; }) == 0);
}

TEST_CASE("run_main keeps a callable alive until its task has ended") {
  int alive = 0;
  CHECK(run_main([owned = counted(alive), &alive]() -> task<> {
          co_await turns(3);
          CHECK(alive == 1);
        }) == 0);
  CHECK(alive == 0);
}

TEST_CASE("program that fails before there is a task", "[.]") {
  exit_with(run_main([]() -> task<> {
    // Not a coroutine.
    throw error(std::make_error_code(std::errc::address_in_use), "listen on 127.0.0.1:5000");
  }));
}
TEST_CASE("run_main treats an exception thrown by its callable as one thrown by the task") {
  program failing("program that fails before there is a task");
  CHECK(failing.status() == 1);
  CHECK(failing.errors() == "strait_program: listen on 127.0.0.1:5000: address already in use\n");
}

TEST_CASE("run_main restores the signal handlers") {
  auto const former = std::signal(SIGTERM, SIG_IGN);
  CHECK(run_main([]() -> task<> { co_return; }()) == 0);
  CHECK(std::signal(SIGTERM, former) == SIG_IGN);
}

TEST_CASE("program that fails", "[.]") { exit_with(run_main(fail())); }
TEST_CASE("run_main returns 1 when the task throws, and prints one line with the program's name and the error") {
  program failing("program that fails");
  CHECK(failing.status() == 1);
  CHECK(failing.errors() == "strait_program: out of luck\n");
  CHECK(failing.output().empty());
}

TEST_CASE("program that prints the failures of its children", "[.]") {
  exit_with(run_main([]() -> task<> {
    co_await with_task_group(print_failure, [](task_group& group) -> task<> {
      group.spawn(fail());
      co_await turns(3);
      print_line("body goes on");
    });
  }()));
}
TEST_CASE("a group with print_failure as its hook prints a line for each failure and continues") {
  program serving("program that prints the failures of its children");
  CHECK(serving.status() == 0);
  CHECK(serving.errors() == "strait_program: out of luck\n");
  CHECK(serving.output() == "body goes on\n");
}

TEST_CASE("program that throws a number", "[.]") {
  exit_with(run_main([]() -> task<> {
    throw 42;
    co_return;
  }()));
}
TEST_CASE("run_main returns 1 when the task throws an object that is not a std::exception") {
  program failing("program that throws a number");
  CHECK(failing.status() == 1);
  CHECK(failing.errors() == "strait_program: exception of type int\n");
}

TEST_CASE("program that runs until it is canceled", "[.]") { exit_with(run_main(run_until_canceled())); }
TEST_CASE("run_main returns 0 on SIGTERM or SIGINT after the task has cleaned up") {
  for (int const signal : {SIGTERM, SIGINT}) {
    program server("program that runs until it is canceled");
    server.wait_for("running");
    server.signal(signal);
    CHECK(server.status() == 0);
    CHECK(server.output() == "cleaned up\n");
    CHECK(server.errors().empty());
  }
}

TEST_CASE("program that does not let itself be canceled", "[.]") { exit_with(run_main(run_stubbornly())); }
TEST_CASE("run_main exits at once on a second signal with 128 plus the signal's number") {
  for (int const signal : {SIGTERM, SIGINT}) {
    program server("program that does not let itself be canceled");
    server.wait_for("running");
    server.signal(SIGTERM);
    server.wait_for("stopping");
    server.signal(signal);
    CHECK(server.status() == 128 + signal);
  }
}

TEST_CASE("program that fails while it is canceled", "[.]") {
  exit_with(run_main([]() -> task<> {
    try {
      co_await run_until_canceled();
    } catch (canceled const&) {
      throw std::runtime_error("cannot clean up");
    }
  }()));
}
TEST_CASE("run_main returns 1 when the task fails after a signal") {
  program server("program that fails while it is canceled");
  server.wait_for("running");
  server.signal(SIGTERM);
  CHECK(server.status() == 1);
  CHECK(server.errors() == "strait_program: cannot clean up\n");
}

TEST_CASE("program that gets its signal before it waits", "[.]") {
  exit_with(run_main([]() -> task<> {
    std::raise(SIGTERM);
    co_await forever();
  }()));
}
TEST_CASE("run_main does not miss a signal that arrives before the task waits") {
  program server("program that gets its signal before it waits");
  CHECK(server.status() == 0);
}

TEST_CASE("program that runs on three threads", "[.]") {
  static std::atomic<int> running = 0;
  exit_with(run_main(3, []() -> task<> {
    if (++running == 3) print_line("running");
    co_await forever();
  }));
}
TEST_CASE("run_main on several threads cancels all of them on a signal") {
  program server("program that runs on three threads");
  server.wait_for("running");
  server.signal(SIGTERM);
  CHECK(server.status() == 0);
  CHECK(server.errors().empty());
}

TEST_CASE("program of which one of three threads fails", "[.]") {
  exit_with(run_main(3, [](unsigned index) -> task<> {
    if (index == 2) throw std::runtime_error("out of luck");
    co_await forever();
  }));
}
TEST_CASE("run_main on several threads returns 1 when one of them fails") {
  program failing("program of which one of three threads fails");
  CHECK(failing.status() == 1);
  CHECK(failing.errors() == "strait_program: out of luck\n");
}

TEST_CASE("run returns a reference if the task does") {
  int number = 1;
  auto const made = [&]() -> task<int&> { co_return number; };
  event_loop loop;
  CHECK(&loop.run(made) == &number);
  CHECK(&run(made) == &number);
}
