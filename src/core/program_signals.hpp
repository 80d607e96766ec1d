// The signals that a program runs until, and SIGUSR1, which asks what its tasks wait for.
#pragma once

namespace strait::detail {

/// While it exists, the first SIGINT or SIGTERM is remembered, the second one ends the process with 128 + signal, and
/// SIGUSR1 is remembered; but SIGINT and SIGTERM are left alone if the program ignores them, and SIGUSR1 if it does
/// anything else than to end at it. In a child that the process forks, they have the effect that they had before.
class program_signals {
 public:
  /// Throws `std::logic_error` if there is one in this process already.
  program_signals();
  program_signals(program_signals const&) = delete;
  program_signals& operator=(program_signals const&) = delete;
  ~program_signals();

  /// Readable when there is something to `take`.
  [[nodiscard]] int descriptor() const noexcept;
  /// Makes `descriptor()` readable. From any thread.
  void wake() noexcept;

  /// What has come since the last time.
  struct news {
    bool stop;
    bool dump;
  };
  [[nodiscard]] news take() noexcept;
};

/// Has each loop of the process that runs write `dump_tasks` to stderr, in its next turn; if there are several, below a
/// line that names its thread.
void dump_running_loops() noexcept;

}  // namespace strait::detail
