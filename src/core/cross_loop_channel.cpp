// cross_loop_channel: its lock, and how tasks on other loops are woken.
#include "strait/core/cross_loop_channel.hpp"

#include <mutex>

#include "core/loop.hpp"

namespace strait::detail {

class shared_lock {
 public:
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }
  /// Adds a user. Call with the lock held.
  void join() noexcept { ++users_; }
  /// Removes a user and unlocks; the last user deletes the lock.
  void leave() noexcept {
    bool const was_last = --users_ == 0;
    mutex_.unlock();
    if (was_last) delete this;
  }

 private:
  std::mutex mutex_;
  std::size_t users_ = 1;
};

many_loops::many_loops() : lock_(new shared_lock) {}
many_loops::~many_loops() {
  lock_->lock();
  lock_->leave();
}
void many_loops::lock() noexcept { lock_->lock(); }
void many_loops::unlock() noexcept { lock_->unlock(); }

bool many_loops::waiter::start(branch& where, std::coroutine_handle<> self) noexcept {
  lock_.lock();
  bool const is_suspended = begin(where, self);
  if (is_waiting()) lock_.join();
  lock_.unlock();
  return is_suspended;
}

// Called with the lock held. After it is released, the task may resume, and its loop be destroyed, at any time.
void many_loops::waiter::wake() noexcept { loop_of(waiting_branch().core()).post(*this); }

void many_loops::waiter::run_work() noexcept {
  begin_leaving();
  leave();
  resume();
}

void many_loops::waiter::cancel() noexcept {
  lock_.lock();
  bool const was_queued = outcome_ == outcome::none;
  if (was_queued) {
    unlink();
    outcome_ = outcome::canceled;
  }
  lock_.unlock();
  if (was_queued) resume_soon();  // otherwise it was served, and is about to resume with its result
}

void many_loops::waiter::begin_leaving() noexcept {
  lock_.lock();
  unlink();
}

void many_loops::waiter::leave() noexcept { lock_.leave(); }

}  // namespace strait::detail
