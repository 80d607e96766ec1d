// stop_signal: which signal has ended a program.
#pragma once

#include <csignal>

namespace samples::upload {

/// Notes SIGINT and SIGTERM while it exists, and passes them on to what is there otherwise. One at a time; inside of
/// what `run_main` runs.
class stop_signal {
 public:
  stop_signal();
  stop_signal(stop_signal const&) = delete;
  stop_signal& operator=(stop_signal const&) = delete;
  ~stop_signal();

  /// The first that has come, now or to an earlier one; 0: none has.
  [[nodiscard]] static int received() noexcept { return received_; }

 private:
  static void on_signal(int signal) noexcept;
  static constexpr int signals[] = {SIGINT, SIGTERM};
  static inline std::sig_atomic_t volatile received_ = 0;
  static inline struct sigaction former[2]{};
};

}  // namespace samples::upload
