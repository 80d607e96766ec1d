// mutex: mutual exclusion of tasks, across awaits.
#pragma once

#include <utility>

#include "strait/core/detail/wait_queue.hpp"
#include "strait/core/task.hpp"

namespace strait {

class mutex_lock_operation;

/// A lock that is held by one task at a time, also while that task waits. No other task runs on the loop between two
/// awaits, so code without a `co_await` in the middle needs no mutex.
///
///     mutex sending;
///     {
///       auto const guard = co_await sending.lock();
///       co_await peer.write(header);
///       co_await peer.write(body);                         // no other message is written in between
///     }
///
/// The mutex is fair: `unlock` hands it over to the task that has waited longest. It is not recursive: a task that
/// locks it twice waits forever. All members must be called on the loop's thread. The mutex must outlive its guards;
/// destroying it ends the waiting operations with `errc::closed`.
class mutex {
 public:
  /// Holds a mutex, and unlocks it on destruction.
  class [[nodiscard("a discarded guard unlocks the mutex at once: auto const guard = co_await mutex.lock()")]] guard {
   public:
    /// Holds no mutex.
    guard() noexcept = default;
    /// Takes over the mutex from `other`.
    guard(guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    /// Unlocks the mutex that this guard holds, if any, and takes over that of `other`.
    guard& operator=(guard&& other) noexcept {
      if (this != &other) {
        unlock();
        mutex_ = std::exchange(other.mutex_, nullptr);
      }
      return *this;
    }
    /// Unlocks the mutex, if the guard holds one.
    ~guard() { unlock(); }

    /// Unlocks before the destruction. Has no effect if the guard holds no mutex.
    void unlock() noexcept {
      if (mutex* const held = std::exchange(mutex_, nullptr)) held->unlock();
    }
    /// Whether the guard holds a mutex.
    [[nodiscard]] explicit operator bool() const noexcept { return mutex_ != nullptr; }

   private:
    friend class mutex;
    explicit guard(mutex& held) noexcept : mutex_(&held) {}
    mutex* mutex_ = nullptr;
  };

  /// The mutex is not locked.
  mutex() = default;

  /// `co_await m.lock()` completes when the task holds the mutex, and returns the guard. If the mutex was handed over
  /// in the turn in which the task is canceled, the guard is returned nevertheless.
  mutex_lock_operation lock() noexcept;
  /// Locks without waiting. The guard holds nothing if the mutex is locked.
  guard try_lock() noexcept { return take() ? guard(*this) : guard(); }
  /// Whether a task holds the mutex.
  [[nodiscard]] bool is_locked() const noexcept { return is_locked_; }

 private:
  class lock_awaiter;
  friend class mutex_lock_operation;

  bool take() noexcept { return !std::exchange(is_locked_, true); }
  void unlock() noexcept {
    if (detail::waiter* const next = queue_.front()) queue_.end(*next, detail::waiter::outcome::served);
    else is_locked_ = false;
  }

  detail::wait_queue queue_;
  bool is_locked_ = false;
};

/// @cond
class mutex::lock_awaiter final : public detail::waiter {
 public:
  explicit lock_awaiter(mutex& what) noexcept : waiter(what.queue_), mutex_(what) {}
  ~lock_awaiter() {
    if (is_served_unused()) mutex_.unlock();
  }
  guard await_resume() const {
    check_with_queue("lock a mutex");
    return guard(mutex_);
  }

 private:
  outcome take_at_once() noexcept override { return mutex_.take() ? outcome::served : outcome::none; }
  mutex& mutex_;
};

/// @endcond

/// Returned by `mutex::lock`; await it.
class [[nodiscard("co_await it")]] mutex_lock_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = mutex::guard;
  /// Called by `mutex::lock`.
  explicit mutex_lock_operation(mutex& what) noexcept : mutex_(what) {}
  /// Starts the operation.
  mutex::lock_awaiter operator co_await() const noexcept { return mutex::lock_awaiter(mutex_); }

 private:
  mutex& mutex_;
};

inline mutex_lock_operation mutex::lock() noexcept { return mutex_lock_operation(*this); }

}  // namespace strait
