// Figures of the kernel about the process under load: its CPU time, and how long it waited for a CPU.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <string>
#include <system_error>

class server_process {
 public:
  explicit server_process(pid_t pid) : pid_(pid) {
    if (int const error = clock_getcpuclockid(pid, &clock_); error != 0)
      throw std::system_error(error, std::generic_category(), "CPU clock of process " + std::to_string(pid));
  }

  // User and system time of all its threads, exact to the nanosecond even while it runs (clock_getcpuclockid(3)).
  std::uint64_t cpu_ns() const {
    timespec time{};
    if (clock_gettime(clock_, &time) != 0)
      throw std::system_error(errno, std::generic_category(), "CPU time of process " + std::to_string(pid_));
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
  }

  // How long its first thread was runnable while the CPU ran something else: a sign of a disturbed measurement.
  std::uint64_t waited_ns() const {
    std::uint64_t ran = 0, waited = 0;
    std::ifstream("/proc/" + std::to_string(pid_) + "/schedstat") >> ran >> waited;
    return waited;
  }

 private:
  pid_t pid_;
  clockid_t clock_{};
};
