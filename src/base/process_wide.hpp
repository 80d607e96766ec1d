// process_wide: what there is once per process, and anew in a child that a process forks.
#pragma once

#include <atomic>

#include <pthread.h>

namespace strait::detail {

/// Calls `act` in each child that this process forks, on the thread that has called fork(2), before fork returns. It
/// may only do what is async-signal-safe: other threads of the parent, which the child lacks, may have held any lock.
inline bool after_fork_in_child(void (*act)()) noexcept { return ::pthread_atfork(nullptr, nullptr, act) == 0; }

/// A `T` for the process, made when it is first asked for and never destroyed: threads may still use it while the
/// process exits. A forked child has one of its own: the threads that the parent's relies on are not there, and its
/// locks may be held for ever.
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
  static inline std::atomic<T*> of_parent_ = nullptr;  // so that a leak checker finds it
  static inline bool const is_renewed_ = after_fork_in_child([] { of_parent_ = current_.exchange(nullptr); });
};

}  // namespace strait::detail
