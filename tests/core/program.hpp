// Runs a hidden test case as a program of its own, to test signals, exit statuses and resource limits.
#pragma once

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"

namespace strait::test {

/// Another process of this executable that runs one of its hidden test cases.
class program {
 public:
  explicit program(char const* test_case) {
    std::array<int, 2> output{};
    std::array<int, 2> errors{};
    REQUIRE(::pipe2(output.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(errors.data(), O_CLOEXEC) == 0);
    id_ = ::fork();
    if (id_ == 0) {
      for (int const each : {SIGINT, SIGTERM}) std::signal(each, SIG_DFL);  // these tests may run in the background
      ::dup2(output[1], STDOUT_FILENO);
      ::dup2(errors[1], STDERR_FILENO);
      ::execl("/proc/self/exe", "strait_program", test_case, static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(output[1]);
    ::close(errors[1]);
    output_ = output[0];
    errors_ = errors[0];
    REQUIRE(id_ > 0);
  }
  program(program const&) = delete;
  program& operator=(program const&) = delete;
  ~program() {
    if (id_ > 0) {
      ::kill(id_, SIGKILL);
      ::waitpid(id_, nullptr, 0);
    }
    ::close(output_);
    ::close(errors_);
  }

  /// Returns when the program has written a line to stdout that contains `part`.
  void wait_for(std::string_view part) {
    if (!skip_to(output_, part)) FAIL("the program ended before it wrote \"" << part << '"');
  }
  /// The same for stderr.
  void wait_for_error(std::string_view part) {
    if (!skip_to(errors_, part)) FAIL("the program ended before it wrote \"" << part << '"');
  }

  /// Waits for a line on stdout that begins with `beginning`, and returns the rest of it.
  std::string rest_of_line(std::string_view beginning) {
    std::string line;
    for (char next = 0; ::read(output_, &next, 1) == 1;) {
      if (next != '\n') line += next;
      else if (line.starts_with(beginning)) return line.substr(beginning.size());
      else line.clear();
    }
    FAIL("the program ended before it wrote \"" << beginning << '"');
    return {};
  }

  void signal(int number) { REQUIRE(::kill(id_, number) == 0); }

  /// The exit status, or the negated number of the signal that ended the program.
  int status() {
    int status = 0;
    REQUIRE(::waitpid(id_, &status, 0) == id_);
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string output() { return all_of(output_); }
  std::string errors() { return all_of(errors_); }

 private:
  static bool skip_to(int descriptor, std::string_view part) {
    std::string line;
    for (char next = 0; ::read(descriptor, &next, 1) == 1;) {
      if (next != '\n') {
        line += next;
      } else if (line.find(part) != line.npos) {
        return true;
      } else {
        line.clear();
      }
    }
    return false;
  }

  static std::string all_of(int descriptor) {
    std::string text;
    std::array<char, 256> part{};
    for (;;) {
      auto const size = ::read(descriptor, part.data(), part.size());
      if (size <= 0) return text;
      text.append(part.data(), static_cast<std::size_t>(size));
    }
  }
  ::pid_t id_ = -1;
  int output_ = -1;
  int errors_ = -1;
};

/// For use in such a test case: writes a line to stdout.
inline void print_line(std::string line) {
  line += '\n';
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
}

[[noreturn]] inline void exit_with(int status) { std::_Exit(status); }

}  // namespace strait::test
