// A signal handler that is preempted and resumes after the run_until_signal that installed it has returned.
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <thread>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <strait/core/run.hpp>
#include <strait/core/sleep.hpp>

#include "catch.hpp"

using namespace strait;

namespace {

thread_local bool stops_at_write = false;
std::atomic<bool> stands_at_write = false;
std::atomic<bool> may_go_on = false;

void pass_a_millisecond() {
  std::timespec const millisecond{0, 1'000'000};
  ::nanosleep(&millisecond, nullptr);
}

}  // namespace

// Replaces the C library's function.
extern "C" ssize_t write(int descriptor, void const* bytes, size_t size) {
  if (stops_at_write) {
    stands_at_write = true;
    while (!may_go_on) pass_a_millisecond();
  }
  return ::syscall(SYS_write, descriptor, bytes, size);
}

TEST_CASE("a delayed signal handler does not write to a file that the program has opened since", "[threads]") {
  std::atomic<bool> is_ready = false;
  std::thread interrupted([&] {
    stops_at_write = true;
    is_ready = true;
    while (!may_go_on) pass_a_millisecond();
    stops_at_write = false;
  });
  while (!is_ready) pass_a_millisecond();
  run_until_signal([&]() -> task<> {
    ::pthread_kill(interrupted.native_handle(), SIGUSR1);
    while (!stands_at_write) co_await yield();
  });
  std::array<std::FILE*, 8> files{};
  for (auto& each : files) {
    each = std::tmpfile();
    REQUIRE(each != nullptr);
  }
  may_go_on = true;
  interrupted.join();
  for (auto* const each : files) {
    struct stat status = {};
    CHECK(::fstat(::fileno(each), &status) == 0);
    CHECK(status.st_size == 0);
    std::fclose(each);
  }
}
