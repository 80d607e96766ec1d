// Deadlines in order: a heap of timers that know their place in it.
#pragma once

#include <vector>

#include "strait/core/detail/timer.hpp"

namespace strait::detail {

class timer_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  /// The earliest deadline; the queue is not empty.
  [[nodiscard]] clock::time_point earliest() const noexcept { return heap_.front().when; }

  void insert(timer& item, loop_core& loop, clock::time_point when);
  void remove(timer& item) noexcept;
  /// Takes out and calls every timer whose time is not after `now`.
  void expire(clock::time_point now) noexcept;

 private:
  // The time stands beside the pointer, so that sifting does not touch the timers it compares.
  struct entry {
    clock::time_point when;
    timer* item;
  };
  void place(std::size_t position, entry const& item) noexcept;
  void sift_up(std::size_t position, entry item) noexcept;
  void sift_down(std::size_t position, entry item) noexcept;

  std::vector<entry> heap_;
};

}  // namespace strait::detail
