// semaphore: so many at a time.
#pragma once

#include <cstddef>
#include <utility>

#include "strait/base/export.hpp"
#include "strait/core/detail/wait_queue.hpp"
#include "strait/core/task.hpp"

namespace strait {

class semaphore_acquire_operation;

/// A number of permits, of which tasks acquire some and give them back.
///
///     semaphore connections(100);
///     auto const permit = co_await connections.acquire();  // waits while 100 are out
///
/// First come, first served: nobody overtakes one who waits for many. Belongs to one loop's thread. It must outlive its
/// permits; when it is destroyed, who waits for it ends with `errc::closed`.
class STRAIT_API semaphore {
 public:
  /// Some of a semaphore's permits, which it gives back when it is destroyed.
  class [[nodiscard("a discarded permit is released at once: auto const permit = co_await s.acquire()")]] permit {
   public:
    /// Holds nothing.
    permit() noexcept = default;
    permit(permit&& other) noexcept : from_(other.from_), count_(std::exchange(other.count_, 0)) {}
    permit& operator=(permit&& other) noexcept {
      if (this != &other) {
        release();
        from_ = other.from_;
        count_ = std::exchange(other.count_, 0);
      }
      return *this;
    }
    ~permit() { release(); }

    /// Gives them back early; no effect on one that holds none.
    void release() noexcept {
      if (count_ != 0) from_->give_back(std::exchange(count_, 0));
    }
    /// How many it holds.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] explicit operator bool() const noexcept { return count_ != 0; }

   private:
    friend class semaphore;
    permit(semaphore& from, std::size_t count) noexcept : from_(&from), count_(count) {}
    semaphore* from_ = nullptr;
    std::size_t count_ = 0;
  };

  /// With `permits` permits, all of them available.
  explicit semaphore(std::size_t permits) noexcept : total_(permits), available_(permits) {}

  /// `co_await s.acquire(n)` completes when there are `n` permits for it, all at once, with the `permit` that holds
  /// them. More than the semaphore was made with is `std::logic_error`. What was handed over to a task in the turn in
  /// which it is canceled is its own: it gets the permit.
  semaphore_acquire_operation acquire(std::size_t n = 1);
  /// Holds `n` permits, or nothing if there are not so many now or others wait.
  permit try_acquire(std::size_t n = 1) noexcept { return take(n) ? permit(*this, n) : permit(); }
  /// How many are not out.
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
  /// Lets go on who can.
  void serve() noexcept;

  std::size_t const total_;
  std::size_t available_;
  detail::wait_queue queue_;
};

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

/// See `semaphore::acquire`.
class [[nodiscard("co_await it")]] semaphore_acquire_operation {
 public:
  using await_result = semaphore::permit;
  semaphore_acquire_operation(semaphore& from, std::size_t count) noexcept : from_(from), count_(count) {}
  semaphore::acquire_awaiter operator co_await() const noexcept { return {from_, count_}; }

 private:
  semaphore& from_;
  std::size_t count_;
};

}  // namespace strait
