// Deadlines in order, with no memory but that of the timers.
#pragma once

#include "strait/core/detail/timer.hpp"

namespace strait::detail {

/// A treap: a binary search tree by time, in which a timer's *rank*, a hash of its address, is not above that of the
/// one above it. So it is as if the timers had been inserted in random order, and balanced well enough whatever their
/// times are. To insert one that is the latest, and to remove any, takes constant time on average; to insert
/// elsewhere, logarithmic time.
class timer_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  /// The earliest deadline; the queue is not empty.
  [[nodiscard]] clock::time_point earliest() const noexcept { return first_->when_; }

  /// Behind those of the same time.
  void insert(timer& item, loop_core& loop, clock::time_point when) noexcept;
  void remove(timer& item) noexcept;
  /// Takes out and calls every timer whose time is not after `now`.
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
