// wait_queue: the waiting tasks of an event, a mutex, a semaphore or a channel, in the order in which they started to
// wait.
#pragma once

#include <coroutine>

#include "strait/base/export.hpp"
#include "strait/core/detail/branch.hpp"
#include "strait/core/detail/intrusive_list.hpp"

namespace strait::detail {

class wait_queue;

/// The base of the awaiters of events, mutexes, semaphores and channels. Stored in the frame of the awaiting coroutine.
class STRAIT_API waiter : public operation, public list_hook<waiter> {
 public:
  enum class outcome : unsigned char {
    none,      ///< it is waiting
    served,    ///< it has received what it was waiting for
    canceled,  ///< it was canceled before it was served
    closed,    ///< the event, mutex, semaphore or channel was closed or destroyed
  };

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return begin(self.promise().current_branch(), self);
  }

 protected:
  explicit waiter(wait_queue& queue) noexcept : queue_(&queue) {}
  ~waiter() = default;

  /// Serves itself immediately if possible without overtaking another waiter. Returns `none` if it has to wait.
  virtual outcome take_at_once() noexcept = 0;
  /// Called when it has been removed from the queue: resumes its coroutine in the next turn of its loop.
  virtual void wake() noexcept { resume_soon(); }

  /// Starts the operation. Returns false if it has ended, and the coroutine resumes immediately.
  bool begin(branch& where, std::coroutine_handle<> self) noexcept;
  /// True in the destructor if it has been served but its coroutine is being destroyed before it could resume.
  [[nodiscard]] bool is_served_unused() const noexcept { return is_waiting() && queue_ && outcome_ == outcome::served; }
  /// Throws `canceled` or `error(errc::closed, context)` if the operation ended that way.
  void check(char const* context) const {
    if (outcome_ != outcome::served) [[unlikely]]
      fail(context);
  }

  /// The same; `closed` also if the queue has been destroyed since, and with it the object that it was served with.
  void check_with_queue(char const* context) const {
    if (outcome_ != outcome::served || !queue_) [[unlikely]]
      fail(context);
  }

  void cancel() noexcept override;

  wait_queue* queue_;  // null if the queue has been closed
  outcome outcome_ = outcome::none;

 private:
  friend class wait_queue;
  [[noreturn]] void fail(char const* context) const;
};

/// The waiters, in order. Does not own them. Its destruction ends their operations as `closed`.
class STRAIT_API wait_queue {
 public:
  wait_queue() = default;
  wait_queue(wait_queue const&) = delete;
  wait_queue& operator=(wait_queue const&) = delete;
  ~wait_queue() { close(); }

  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  /// The first waiter; null if there is none.
  [[nodiscard]] waiter* front() const noexcept { return waiting_.front(); }

  /// Ends the operation of `item`, which is in the queue; it resumes in its loop's next turn. From now on it cannot be
  /// canceled.
  void end(waiter& item, waiter::outcome how) noexcept;
  /// The same for all waiters.
  void end_all(waiter::outcome how) noexcept;
  /// Ends all operations as `closed`, and clears `queue_` of waiters that were served but have not resumed yet.
  void close() noexcept;

 private:
  friend class waiter;
  intrusive_list<waiter> waiting_;
  intrusive_list<waiter> served_;  // served, but not resumed yet
};

}  // namespace strait::detail
