// What the library writes to standard error when standard error cannot be written to.
#include <array>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include <sys/resource.h>
#include <unistd.h>

#include <strait/core/run.hpp>
#include <strait/core/stall_detector.hpp>
#include <strait/core/task_group.hpp>

#include "catch.hpp"
#include "program.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

/// Makes the library write every kind of report. Returns 100 if a signal is pending afterwards.
int write_reports() {
  print_failure(std::make_exception_ptr(std::runtime_error("out of luck")));
  print_stall({});
  int const status = run_main([]() -> task<> {
    std::raise(SIGUSR1);
    co_await turns(3);
    throw std::runtime_error("out of luck");
  });
  sigset_t pending;
  sigpending(&pending);
  bool const has_left_a_signal = sigismember(&pending, SIGPIPE) == 1 || sigismember(&pending, SIGXFSZ) == 1;
  return has_left_a_signal ? 100 : status;
}

}  // namespace

TEST_CASE("program whose standard error has no reader", "[.]") {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) exit_with(101);
  ::dup2(ends[1], STDERR_FILENO);
  ::close(ends[0]);
  ::close(ends[1]);
  exit_with(write_reports());
}
TEST_CASE("reports to a pipe without a reader raise no signal") {
  program silent("program whose standard error has no reader");
  CHECK(silent.status() == 1);
}

TEST_CASE("program whose standard error is a file that must not grow", "[.]") {
  ::dup2(::fileno(std::tmpfile()), STDERR_FILENO);
  ::rlimit const nothing{0, 0};
  ::setrlimit(RLIMIT_FSIZE, &nothing);
  exit_with(write_reports());
}
TEST_CASE("reports to a file that has reached its size limit raise no signal") {
  program silent("program whose standard error is a file that must not grow");
  CHECK(silent.status() == 1);
}

TEST_CASE("program whose standard error is closed", "[.]") {
  ::close(STDERR_FILENO);
  event_loop const loop;  // opens descriptors
  exit_with(::write(STDERR_FILENO, "x", 1) == 1 && write_reports() == 1 ? 0 : 1);
}
TEST_CASE("a standard error that is closed when the first loop is created becomes /dev/null") {
  program silent("program whose standard error is closed");
  CHECK(silent.status() == 0);
}
