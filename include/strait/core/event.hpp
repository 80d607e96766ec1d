// event: something that has happened, or not yet, and tasks that wait for it.
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

/// See `event::wait`.
class [[nodiscard("co_await it")]] event_wait_operation {
 public:
  using await_result = void;
  explicit event_wait_operation(event& what) noexcept : event_(what) {}
  detail::event_awaiter operator co_await() const noexcept { return detail::event_awaiter(event_); }

 private:
  event& event_;
};

/// Is set or not; tasks wait until it is.
///
///     event ready;
///     co_await ready.wait();                               // one or many tasks
///     ready.set();                                         // lets all of them go on
///
/// Belongs to one loop's thread. When it is destroyed, who waits for it ends with `errc::closed`.
class event {
 public:
  event() = default;

  /// Lets all who wait go on, even if `reset` follows at once, and all who come until then.
  void set() noexcept {
    is_set_ = true;
    queue_.end_all(detail::waiter::outcome::served);
  }
  /// Later waits suspend until the next `set`.
  void reset() noexcept { is_set_ = false; }
  /// Waits complete at once.
  [[nodiscard]] bool is_set() const noexcept { return is_set_; }

  /// Completes when the event is set; at once if it is.
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
