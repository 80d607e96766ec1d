// without_signal: a system call that raises a signal besides failing.
#pragma once

#include <cerrno>
#include <csignal>
#include <ctime>

namespace strait::detail {

/// While it lives, this thread does not get the signal.
class without_signal {
 public:
  explicit without_signal(int signal) noexcept {
    sigemptyset(&only_);
    sigaddset(&only_, signal);
    ::pthread_sigmask(SIG_BLOCK, &only_, &before_);
    was_blocked_ = sigismember(&before_, signal) == 1;
    sigset_t pending;
    was_pending_ = was_blocked_ && sigpending(&pending) == 0 && sigismember(&pending, signal) == 1;
  }
  without_signal(without_signal const&) = delete;
  without_signal& operator=(without_signal const&) = delete;
  ~without_signal() {
    if (!was_blocked_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  /// Takes back the one that a call has raised, if it has; leaves errno as it is.
  void take_back() const noexcept {
    if (was_pending_) return;  // that is somebody else's, and there is never more than one
    int const failure = errno;
    timespec const at_once{};
    while (::sigtimedwait(&only_, nullptr, &at_once) < 0 && errno == EINTR) {}
    errno = failure;
  }

 private:
  sigset_t only_;
  sigset_t before_;
  bool was_blocked_;
  bool was_pending_;
};

}  // namespace strait::detail
