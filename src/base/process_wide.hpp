// process_wide: an object that exists once per process; a forked child gets a new one.
#pragma once

#include <atomic>

#include <pthread.h>

namespace strait::detail {

/// Registers `act` to be called in every forked child, on the thread that called fork(2), before fork returns. `act`
/// must be async-signal-safe: threads of the parent, which do not exist in the child, may have held any lock.
inline bool after_fork_in_child(void (*act)()) noexcept { return ::pthread_atfork(nullptr, nullptr, act) == 0; }

/// A `T` that is created on first use and never destroyed, because threads may still use it while the process exits. A
/// forked child creates its own: the parent's relies on threads that do not exist in the child, and its locks may be
/// held forever.
template <class T>
class process_wide {
 public:
  [[nodiscard]] static T& instance() {
    static_cast<void>(is_renewed_);
    if (T* const made = current_.load(std::memory_order_acquire)) return *made;
    T* const mine = new T;
    T* first = nullptr;
    if (current_.compare_exchange_strong(first, mine, std::memory_order_acq_rel)) return *mine;
    delete mine;
    return *first;
  }

 private:
  static inline std::atomic<T*> current_ = nullptr;
  static inline std::atomic<T*> of_parent_ = nullptr;  // keeps the parent's object reachable for leak checkers
  static inline bool const is_renewed_ = after_fork_in_child([] { of_parent_ = current_.exchange(nullptr); });
};

}  // namespace strait::detail
