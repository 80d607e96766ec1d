// mutex: one task at a time, across awaits.
#pragma once

#include <utility>

#include "strait/core/detail/wait_queue.hpp"
#include "strait/core/task.hpp"

namespace strait {

class mutex_lock_operation;

/// Held by one task at a time, and across its awaits. Between two awaits nothing else runs on the loop, so what has no
/// `co_await` in the middle needs no mutex.
///
///     mutex sending;
///     {
///       auto const guard = co_await sending.lock();
///       co_await peer.write(header);
///       co_await peer.write(body);                         // nobody's message comes in between
///     }
///
/// First come, first served: `unlock` hands it over to who has waited longest, and nobody comes in between. A task that
/// has it and locks it again waits for itself. Belongs to one loop's thread. It must outlive its guards; when it is
/// destroyed, who waits for it ends with `errc::closed`.
class mutex {
 public:
  /// Unlocks when it is destroyed.
  class [[nodiscard("a discarded guard unlocks the mutex at once: auto const guard = co_await mutex.lock()")]] guard {
   public:
    /// Holds nothing.
    guard() noexcept = default;
    guard(guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    guard& operator=(guard&& other) noexcept {
      if (this != &other) {
        unlock();
        mutex_ = std::exchange(other.mutex_, nullptr);
      }
      return *this;
    }
    ~guard() { unlock(); }

    /// Early; no effect on one that holds nothing.
    void unlock() noexcept {
      if (mutex* const held = std::exchange(mutex_, nullptr)) held->unlock();
    }
    [[nodiscard]] explicit operator bool() const noexcept { return mutex_ != nullptr; }

   private:
    friend class mutex;
    explicit guard(mutex& held) noexcept : mutex_(&held) {}
    mutex* mutex_ = nullptr;
  };

  mutex() = default;

  /// `co_await m.lock()` completes when the task has the mutex, with the guard that holds it. What was handed over to a
  /// task in the turn in which it is canceled is its own: it gets the guard.
  mutex_lock_operation lock() noexcept;
  /// Holds the mutex, or nothing if another does.
  guard try_lock() noexcept { return take() ? guard(*this) : guard(); }
  /// A task holds the lock.
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

/// See `mutex::lock`.
class [[nodiscard("co_await it")]] mutex_lock_operation {
 public:
  using await_result = mutex::guard;
  explicit mutex_lock_operation(mutex& what) noexcept : mutex_(what) {}
  mutex::lock_awaiter operator co_await() const noexcept { return mutex::lock_awaiter(mutex_); }

 private:
  mutex& mutex_;
};

inline mutex_lock_operation mutex::lock() noexcept { return mutex_lock_operation(*this); }

}  // namespace strait
