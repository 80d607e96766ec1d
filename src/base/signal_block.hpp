// signal_block: keeps a system call from raising a signal in addition to failing.
#pragma once

#include <cerrno>
#include <csignal>
#include <ctime>

namespace strait::detail {

/// Blocks one signal for the calling thread while the object exists.
class signal_block {
 public:
  explicit signal_block(int signal) noexcept {
    sigemptyset(&only_);
    sigaddset(&only_, signal);
    ::pthread_sigmask(SIG_BLOCK, &only_, &before_);
    was_blocked_ = sigismember(&before_, signal) == 1;
    sigset_t pending;
    was_pending_ = was_blocked_ && sigpending(&pending) == 0 && sigismember(&pending, signal) == 1;
  }
  signal_block(signal_block const&) = delete;
  signal_block& operator=(signal_block const&) = delete;
  ~signal_block() {
    if (!was_blocked_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  /// Discards the pending signal, if a system call has raised it meanwhile. Preserves errno.
  void discard_pending() const noexcept {
    if (was_pending_) return;  // it was pending before, and a signal is pending at most once
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
