// stop_signal: remembers which signal ended the program.
#pragma once

#include <csignal>

namespace samples::upload {

/// Records SIGINT and SIGTERM during its lifetime, and passes them on to the previous handlers. At most one may exist
/// at a time, within a task that `run_main` runs.
class stop_signal {
 public:
  stop_signal();
  stop_signal(stop_signal const&) = delete;
  stop_signal& operator=(stop_signal const&) = delete;
  ~stop_signal();

  /// The first signal that this or an earlier object has recorded; 0: none.
  [[nodiscard]] static int received() noexcept { return received_; }

 private:
  static void on_signal(int signal) noexcept;
  static constexpr int signals[] = {SIGINT, SIGTERM};
  static inline std::sig_atomic_t volatile received_ = 0;
  static inline struct sigaction former[2]{};
};

}  // namespace samples::upload
