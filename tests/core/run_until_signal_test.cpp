// run_until_signal: its results and exceptions; SIGUSR1 in run_until_signal and in run_main.
#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "program.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;
using Catch::Matchers::ContainsSubstring;

namespace {

task<> waits_for_a_signal() {
  print_line("running");
  co_await forever();
}

int count_of(std::string const& part, std::string const& text) {
  int count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("run_until_signal returns the task's value") {
  auto const make = []() -> task<std::unique_ptr<int>> {
    co_await yield();
    co_return std::make_unique<int>(7);
  };
  CHECK(*run_until_signal(make()) == 7);
  CHECK(*run_until_signal(make) == 7);
}

TEST_CASE("run_until_signal returns a reference") {
  int number = 0;
  auto const make = [&]() -> task<int&> { co_return number; };
  CHECK(&run_until_signal(make) == &number);
}

TEST_CASE("run_until_signal throws the task's exception") {
  auto const fail = []() -> task<int> {
    co_await yield();
    throw std::runtime_error("out of luck");
  };
  CHECK_THROWS_WITH(run_until_signal(fail()), "out of luck");
  CHECK_THROWS_WITH(run_until_signal(fail), "out of luck");
  CHECK_THROWS_WITH(run_until_signal(1, fail), "out of luck");
}

TEST_CASE("run_until_signal on several threads calls the factory once for each index", "[threads]") {
  std::atomic<unsigned> indexes = 0;
  run_until_signal(3, [&](unsigned index) -> task<> {
    indexes |= 1U << index;
    co_return;
  });
  CHECK(indexes == 0b111U);
}

TEST_CASE("run_until_signal throws canceled when a signal has ended the task") {
  auto const waits = [](int signal) -> task<> {
    std::raise(signal);
    co_await forever();
  };
  CHECK_THROWS_AS(run_until_signal(waits(SIGTERM)), canceled);
  CHECK_THROWS_AS(run_until_signal(waits(SIGINT)), canceled);
}

TEST_CASE("run_until_signal returns the value of a task that completes normally after a signal") {
  int const status = run_until_signal([]() -> task<int> {
    std::raise(SIGTERM);
    try {
      co_await forever();
    } catch (canceled const&) {}
    co_return 5;
  });
  CHECK(status == 5);
}

TEST_CASE("a signal that arrives while the callable creates its task cancels the task") {
  auto const make = [] {
    std::raise(SIGTERM);
    return []() -> task<> { co_await forever(); }();
  };
  CHECK_THROWS_AS(run_until_signal(make), canceled);
}

TEST_CASE("program that takes two signals", "[.]") {
  run_until_signal([]() -> task<> {
    print_line("running");
    try {
      co_await forever();
    } catch (canceled const&) {
      print_line("stopping");
    }
    co_await shield(forever());
  });
}
TEST_CASE("a second signal ends run_until_signal and the process at once") {
  program server("program that takes two signals");
  server.wait_for("running");
  server.signal(SIGINT);
  server.wait_for("stopping");
  server.signal(SIGTERM);
  CHECK(server.status() == 128 + SIGTERM);
}

TEST_CASE("program whose first thread has nothing to do", "[.]") {
  exit_with(run_main(3, [](unsigned index) -> task<> {
    if (index != 0) co_await waits_for_a_signal();
  }));
}
TEST_CASE("a signal cancels the other threads when the first one has ended") {
  program server("program whose first thread has nothing to do");
  server.wait_for("running");
  server.wait_for("running");
  server.signal(SIGUSR1);
  server.wait_for_error("thread ");
  server.signal(SIGTERM);
  CHECK(server.status() == 0);
}

TEST_CASE("program that waits for a signal", "[.]") { exit_with(run_main(waits_for_a_signal())); }
TEST_CASE("each SIGUSR1 prints what every task waits for") {
  program server("program that waits for a signal");
  server.wait_for("running");
  for (int i = 0; i != 3; ++i) {
    server.signal(SIGUSR1);
    server.wait_for_error("waits_for_a_signal at run_until_signal_test.cpp:");
  }
  server.signal(SIGTERM);
  CHECK(server.status() == 0);
}

TEST_CASE("a SIGUSR1 just before SIGTERM is still handled") {
  program server("program that waits for a signal");
  server.wait_for("running");
  server.signal(SIGUSR1);
  server.signal(SIGTERM);
  CHECK(server.status() == 0);
  CHECK_THAT(server.errors(), ContainsSubstring("waits_for_a_signal"));
}

TEST_CASE("program that gets more of SIGUSR1 than a pipe holds", "[.]") {
  exit_with(run_main([]() -> task<> {
    for (int i = 0; i != 100'000; ++i) std::raise(SIGUSR1);
    std::raise(SIGTERM);
    co_await waits_for_a_signal();
  }));
}
TEST_CASE("a SIGTERM after any number of SIGUSR1 is not lost") {
  program server("program that gets more of SIGUSR1 than a pipe holds");
  CHECK(server.status() == 0);
  CHECK_THAT(server.errors(), ContainsSubstring("waits_for_a_signal"));
}

TEST_CASE("program of three threads that wait", "[.]") {
  exit_with(run_main(3, [] { return waits_for_a_signal(); }));
}
TEST_CASE("SIGUSR1 prints the tasks of each loop below the number of its thread") {
  program server("program of three threads that wait");
  for (int i = 0; i != 3; ++i) server.wait_for("running");
  server.signal(SIGUSR1);
  server.signal(SIGTERM);
  CHECK(server.status() == 0);
  auto const errors = server.errors();
  CHECK(errors.starts_with("thread "));
  CHECK(count_of("thread ", errors) == 3);
  CHECK(count_of("waits_for_a_signal", errors) == 3);
}

TEST_CASE("program with a handler of its own", "[.]") {
  std::signal(SIGUSR1, [](int) { print_line("own handler"); });
  exit_with(run_main(waits_for_a_signal()));
}
TEST_CASE("a program's own handler of SIGUSR1 is kept") {
  program server("program with a handler of its own");
  server.wait_for("running");
  server.signal(SIGUSR1);
  server.wait_for("own handler");
  server.signal(SIGTERM);
  CHECK(server.status() == 0);
  CHECK(server.errors().empty());
}

TEST_CASE("program that ignores signals", "[.]") {
  for (int const each : {SIGINT, SIGTERM}) std::signal(each, SIG_IGN);
  exit_with(run_main([]() -> task<> {
    for (int const each : {SIGINT, SIGINT, SIGTERM}) std::raise(each);
    co_await turns(5);
    print_line("ran to its end");
  }));
}
TEST_CASE("SIGINT and SIGTERM stay ignored if they were ignored before") {
  program background("program that ignores signals");
  background.wait_for("ran to its end");
  CHECK(background.status() == 0);
}

TEST_CASE("a second run_until_signal at the same time is refused and does not disturb the first") {
  auto const nothing = []() -> task<> { co_return; };
  auto const waits = [&]() -> task<> {
    CHECK_THROWS_WITH(run_until_signal(nothing),
                      ContainsSubstring("run_until_signal (or run_main) is already running"));
    CHECK_THROWS_AS(run_until_signal(2, nothing), std::logic_error);
    std::raise(SIGTERM);
    co_await forever();
  };
  CHECK_THROWS_AS(run_until_signal(waits), canceled);
  CHECK_NOTHROW(run_until_signal(nothing));
}

TEST_CASE("SIGUSR1 has its previous effect after run_until_signal returns") {
  CHECK(run_main([]() -> task<> { co_return; }) == 0);
  CHECK(std::signal(SIGUSR1, SIG_DFL) == SIG_DFL);
}
