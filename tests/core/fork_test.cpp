// How the library behaves in a forked child that does not execute another program.
#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <strait/core/run.hpp>
#include <strait/core/stall_detector.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/thread_pool.hpp>

#include "catch.hpp"
#include "program.hpp"
#include "sanitized.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

/// Forks a child that exits with the result of `act`. A child that hangs is ended by SIGALRM.
template <class F>
::pid_t fork_to(F act) {
  ::pid_t const child = ::fork();
  if (child != 0) return child;
  ::alarm(30);
  ::_exit(act());
}

/// The exit status of `child`, or the negated number of the signal that ended it.
int status_of(::pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return -1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Removes the signal handlers that the test framework has installed.
void without_handlers() {
  for (int const each : {SIGINT, SIGTERM}) std::signal(each, SIG_DFL);
}

}  // namespace

// With a sanitizer, the child of a multithreaded process cannot start threads: ThreadSanitizer does not allow it, and
// the allocator of g++ 12's AddressSanitizer stays locked in the child if a thread of the parent allocated during the
// fork.
#if !defined(STRAIT_TESTS_SANITIZED)

static int value_from_pool() {
  return run([]() -> task<int> { co_return co_await on_thread_pool([] { return 7; }); });
}

TEST_CASE("program whose child uses the thread pool", "[.]") {
  if (value_from_pool() != 7) exit_with(1);
  exit_with(status_of(fork_to(value_from_pool)));
}
TEST_CASE("a forked child has a thread pool of its own") {
  program parent("program whose child uses the thread pool");
  CHECK(parent.status() == 7);
}

TEST_CASE("program whose child detects stalls", "[.]") {
  stall_detector const watch(std::chrono::seconds(100));
  exit_with(status_of(fork_to([] {
    stall_detector const own(std::chrono::seconds(100));
    return value_from_pool();
  })));
}
TEST_CASE("a forked child may have a stall_detector of its own") {
  program parent("program whose child detects stalls");
  CHECK(parent.status() == 7);
}

TEST_CASE("program whose task forks a child with a loop", "[.]") {
  int status = 0;
  run([&]() -> task<> {
    co_await on_thread_pool([] {});
    status = status_of(fork_to(value_from_pool));
  });
  exit_with(status);
}
TEST_CASE("a child that is forked by a task may run a loop of its own") {
  program parent("program whose task forks a child with a loop");
  CHECK(parent.status() == 7);
}

#endif

TEST_CASE("program whose child waits for a signal", "[.]") {
  without_handlers();
  exit_with(run_main([]() -> task<> {
    auto const child = fork_to([] {
      print_line("child is " + std::to_string(::getpid()));
      for (;;) ::pause();
      return 0;
    });
    co_await on_thread_pool([child] { print_line("child ended with " + std::to_string(status_of(child))); });
    co_await forever();
  }));
}
TEST_CASE("a signal to a forked child has its previous effect there and does not affect the parent") {
  int const number = GENERATE(SIGTERM, SIGINT, SIGUSR1);
  program parent("program whose child waits for a signal");
  int const child = std::stoi(parent.rest_of_line("child is "));
  REQUIRE(::kill(child, number) == 0);
  CHECK(parent.rest_of_line("child ended with ") == std::to_string(-number));
  parent.signal(SIGTERM);
  CHECK(parent.status() == 0);
  CHECK(parent.errors().empty());
}

TEST_CASE("program whose child runs until a signal", "[.]") {
  without_handlers();
  exit_with(run_main([]() -> task<> {
    auto const child = fork_to([] {
      try {
        run_until_signal([]() -> task<> {
          std::raise(SIGTERM);
          co_await forever();
        });
      } catch (canceled const&) {
        std::raise(SIGTERM);  // has its previous effect again
      }
      return 1;
    });
    print_line("child ended with " + std::to_string(status_of(child)));
    co_await turns(5);
    print_line("not canceled");
  }));
}
TEST_CASE("a forked child may call run_until_signal itself") {
  program parent("program whose child runs until a signal");
  CHECK(parent.rest_of_line("child ended with ") == std::to_string(-SIGTERM));
  parent.wait_for("not canceled");
  CHECK(parent.status() == 0);
}
