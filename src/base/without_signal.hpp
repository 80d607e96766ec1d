// without_signal: a system call that raises a signal besides failing.
#pragma once

#include <cerrno>
#include <csignal>
#include <ctime>

namespace strait::detail {

/// While it lives, this thread does not get the signal.
class without_signal {
 public:
  explicit without_signal(int signal) noexcept : signal_(signal) {
    sigemptyset(&only_);
    sigaddset(&only_, signal);
    ::pthread_sigmask(SIG_BLOCK, &only_, &before_);
  }
  without_signal(without_signal const&) = delete;
  without_signal& operator=(without_signal const&) = delete;
  ~without_signal() {
    if (sigismember(&before_, signal_) == 0) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  /// Takes back the one that a call has raised; leaves errno as it is.
  void take_back() const noexcept {
    int const failure = errno;
    timespec const at_once{};
    while (::sigtimedwait(&only_, nullptr, &at_once) < 0 && errno == EINTR) {}
    errno = failure;
  }

 private:
  int signal_;
  sigset_t only_;
  sigset_t before_;
};

}  // namespace strait::detail
