// program_signals: handles SIGINT and SIGTERM, which stop a program, and SIGUSR1, which requests a task dump.
#pragma once

namespace strait::detail {

/// While it exists, the first SIGINT or SIGTERM is recorded, the second one ends the process with status 128 + signal,
/// and SIGUSR1 is recorded. A SIGINT or SIGTERM that the program ignores stays ignored; SIGUSR1 is handled only if it
/// has its default action. In a forked child, the signals have their former effect.
class program_signals {
 public:
  /// Throws `std::logic_error` if this process already has one.
  program_signals();
  program_signals(program_signals const&) = delete;
  program_signals& operator=(program_signals const&) = delete;
  ~program_signals();

  /// A descriptor that is readable when `take` has something to return.
  [[nodiscard]] int descriptor() const noexcept;
  /// Makes `descriptor()` readable. May be called from any thread.
  void wake() noexcept;

  /// What the signals that were received have requested.
  struct requests {
    bool stop;  ///< SIGINT or SIGTERM
    bool dump;  ///< SIGUSR1
  };
  /// The requests since the last call.
  [[nodiscard]] requests take() noexcept;
};

/// Makes each running loop of the process write `dump_tasks` to stderr in its next turn; if several loops run, below a
/// line with the id of its thread.
void dump_running_loops() noexcept;

}  // namespace strait::detail
