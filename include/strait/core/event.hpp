// event: a flag that tasks can wait for.
#pragma once

#include "strait/core/detail/wait_queue.hpp"
#include "strait/core/task.hpp"

namespace strait {

class event;

namespace detail {

class event_awaiter final : public waiter {
 public:
  explicit event_awaiter(event& what) noexcept;
  void await_resume() const { check("wait for an event"); }

 private:
  outcome take_at_once() noexcept override;
  event const& event_;
};

}  // namespace detail

/// Returned by `event::wait`; await it.
class [[nodiscard("co_await it")]] event_wait_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = void;
  /// Called by `event::wait`.
  explicit event_wait_operation(event& what) noexcept : event_(what) {}
  /// Starts the operation.
  detail::event_awaiter operator co_await() const noexcept { return detail::event_awaiter(event_); }

 private:
  event& event_;
};

/// A flag that is set or not set; tasks can wait until it is set.
///
///     event ready;
///     co_await ready.wait();                               // one or many tasks
///     ready.set();                                         // resumes all of them
///
/// All members must be called on the loop's thread. Destroying the event ends the waiting operations with
/// `errc::closed`.
class event {
 public:
  /// The event is not set.
  event() = default;

  /// Sets the event. Resumes all waiting tasks, even if `reset` is called immediately afterwards.
  void set() noexcept {
    is_set_ = true;
    queue_.end_all(detail::waiter::outcome::served);
  }
  /// Clears the event: later calls of `wait` wait until the next `set`.
  void reset() noexcept { is_set_ = false; }
  /// Whether the event is set.
  [[nodiscard]] bool is_set() const noexcept { return is_set_; }

  /// `co_await e.wait()` completes when the event is set; immediately if it already is.
  event_wait_operation wait() noexcept { return event_wait_operation(*this); }

 private:
  friend class detail::event_awaiter;
  detail::wait_queue queue_;
  bool is_set_ = false;
};

namespace detail {

inline event_awaiter::event_awaiter(event& what) noexcept : waiter(what.queue_), event_(what) {}
inline waiter::outcome event_awaiter::take_at_once() noexcept {
  return event_.is_set() ? outcome::served : outcome::none;
}

}  // namespace detail
}  // namespace strait
