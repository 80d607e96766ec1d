// The signals that a program runs until, and SIGUSR1, which asks what its tasks wait for.
#pragma once

#include <array>
#include <atomic>
#include <csignal>

namespace strait::detail {

/// While it exists, the first SIGINT or SIGTERM is remembered, the second one ends the process with 128 + signal, and
/// SIGUSR1 is remembered, unless the program does something else at it. One at a time.
class program_signals {
 public:
  program_signals();
  program_signals(program_signals const&) = delete;
  program_signals& operator=(program_signals const&) = delete;
  ~program_signals();

  /// Readable when there is something to `take`.
  [[nodiscard]] int descriptor() const noexcept { return pipe_[0]; }
  /// Makes `descriptor()` readable. From any thread.
  void wake() noexcept;

  /// What has come since the last time.
  struct news {
    bool stop;
    bool dump;
  };
  [[nodiscard]] news take() noexcept;

 private:
  static void on_signal(int signal);
  void catch_signal(std::size_t index);

  static constexpr std::array signals_{SIGINT, SIGTERM, SIGUSR1};
  std::array<struct sigaction, signals_.size()> former_{};
  std::array<bool, signals_.size()> is_caught_{};
  std::array<int, 2> pipe_{-1, -1};
};

/// Has each loop of the process that runs write `dump_tasks` to stderr, in its next turn; if there are several, below a
/// line that names its thread.
void dump_running_loops() noexcept;

}  // namespace strait::detail
