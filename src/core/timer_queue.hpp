// timer_queue: deadlines in order. Needs no memory besides the timers themselves.
#pragma once

#include "strait/core/detail/timer.hpp"

namespace strait::detail {

/// A treap: a binary search tree ordered by time, in which the *rank* of a timer, a hash of its address, is at most
/// that of its parent. The tree is therefore balanced as if the timers had been inserted in random order. Inserting a
/// timer that is later than all others, and removing any timer, takes constant time on average; inserting elsewhere
/// takes logarithmic time.
class timer_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  /// The earliest deadline; the queue is not empty.
  [[nodiscard]] clock::time_point earliest() const noexcept { return first_->when_; }

  /// Timers with equal times expire in the order of insertion.
  void insert(timer& item, loop_core& loop, clock::time_point when) noexcept;
  /// `item` must be in the queue.
  void remove(timer& item) noexcept;
  /// Removes every timer whose time is not after `now`, and calls its `expired`.
  void expire(clock::time_point now) noexcept;

 private:
  void place_below(timer* above, timer*& link, timer& item) noexcept;
  [[nodiscard]] timer*& link_to(timer& item) noexcept;
  void raise(timer& item) noexcept;

  timer* root_ = nullptr;
  timer* first_ = nullptr;
  timer* last_ = nullptr;
};

}  // namespace strait::detail
