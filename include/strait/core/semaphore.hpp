// semaphore: limits how many tasks do something at the same time.
#pragma once

#include <cstddef>
#include <utility>

#include "strait/base/export.hpp"
#include "strait/core/detail/wait_queue.hpp"
#include "strait/core/task.hpp"

namespace strait {

class semaphore_acquire_operation;

/// A number of permits, which tasks acquire and release.
///
///     semaphore connections(100);
///     auto const permit = co_await connections.acquire();  // waits while 100 are held
///
/// The semaphore is fair: tasks are served in the order in which they started to wait, so a task that waits for many
/// permits is not overtaken. All members must be called on the loop's thread. The semaphore must outlive its permits;
/// destroying it ends the waiting operations with `errc::closed`.
class STRAIT_API semaphore {
 public:
  /// Holds permits of a semaphore, and releases them on destruction.
  class [[nodiscard("a discarded permit is released at once: auto const permit = co_await s.acquire()")]] permit {
   public:
    /// Holds no permits.
    permit() noexcept = default;
    /// Takes over the permits from `other`.
    permit(permit&& other) noexcept : from_(other.from_), count_(std::exchange(other.count_, 0)) {}
    /// Releases the permits that this object holds, and takes over those of `other`.
    permit& operator=(permit&& other) noexcept {
      if (this != &other) {
        release();
        from_ = other.from_;
        count_ = std::exchange(other.count_, 0);
      }
      return *this;
    }
    /// Releases the permits.
    ~permit() { release(); }

    /// Releases the permits before the destruction. Has no effect if there are none.
    void release() noexcept {
      if (count_ != 0) from_->give_back(std::exchange(count_, 0));
    }
    /// How many permits this object holds.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// Whether this object holds a permit.
    [[nodiscard]] explicit operator bool() const noexcept { return count_ != 0; }

   private:
    friend class semaphore;
    permit(semaphore& from, std::size_t count) noexcept : from_(&from), count_(count) {}
    semaphore* from_ = nullptr;
    std::size_t count_ = 0;
  };

  /// A semaphore with this number of permits.
  explicit semaphore(std::size_t permits) noexcept : total_(permits), available_(permits) {}

  /// `co_await s.acquire(n)` completes when `n` permits are available, all at the same time, and returns the `permit`
  /// that holds them. Throws `std::logic_error` if `n` is greater than the semaphore's number of permits. If the
  /// permits were handed over in the turn in which the task is canceled, they are returned nevertheless.
  semaphore_acquire_operation acquire(std::size_t n = 1);
  /// Acquires `n` permits without waiting. The result is empty if fewer are available, or if other tasks are waiting.
  permit try_acquire(std::size_t n = 1) noexcept { return take(n) ? permit(*this, n) : permit(); }
  /// The number of permits that are not held.
  [[nodiscard]] std::size_t available() const noexcept { return available_; }

 private:
  class acquire_awaiter;
  friend class semaphore_acquire_operation;

  bool take(std::size_t n) noexcept {
    if (n > available_ || !queue_.empty()) return false;
    available_ -= n;
    return true;
  }
  void give_back(std::size_t n) noexcept {
    available_ += n;
    serve();
  }
  /// Serves waiting tasks, in order, while enough permits are available.
  void serve() noexcept;

  std::size_t const total_;
  std::size_t available_;
  detail::wait_queue queue_;
};

/// @cond
class STRAIT_API semaphore::acquire_awaiter final : public detail::waiter {
 public:
  acquire_awaiter(semaphore& from, std::size_t count) noexcept : waiter(from.queue_), from_(from), count_(count) {}
  ~acquire_awaiter() {
    if (is_waiting() && queue_) drop();
  }
  permit await_resume() const {
    check_with_queue("acquire a permit");
    return {from_, count_};
  }

 private:
  friend class semaphore;
  outcome take_at_once() noexcept override { return from_.take(count_) ? outcome::served : outcome::none; }
  void cancel() noexcept override;
  void drop() noexcept;
  semaphore& from_;
  std::size_t const count_;
};

/// @endcond

/// Returned by `semaphore::acquire`; await it.
class [[nodiscard("co_await it")]] semaphore_acquire_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = semaphore::permit;
  /// Called by `semaphore::acquire`.
  semaphore_acquire_operation(semaphore& from, std::size_t count) noexcept : from_(from), count_(count) {}
  /// Starts the operation.
  semaphore::acquire_awaiter operator co_await() const noexcept { return {from_, count_}; }

 private:
  semaphore& from_;
  std::size_t count_;
};

}  // namespace strait
