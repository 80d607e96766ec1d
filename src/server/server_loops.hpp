// server_loops: the loops of one server.
#pragma once

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

namespace strait::detail {

/// Stops the loops and sums their counters. May be used from any thread. A `Serving` is one loop's part of a server.
template <class Serving, class Statistics>
class server_loops {
 public:
  void add(Serving& one) {
    std::lock_guard const lock(mutex_);
    loops_.push_back(&one);
  }
  /// Its counters are kept. From here on, no other thread wakes it.
  void remove(Serving& one) noexcept {
    std::lock_guard const lock(mutex_);
    std::erase(loops_, &one);
    one.add_to(past_);
    past_.aborted += std::exchange(past_.active, 0);  // their loop was destroyed before they ended
  }

  void wake_all() noexcept {
    std::lock_guard const lock(mutex_);
    for (Serving* const each : loops_) each->wake();
  }
  /// Sets the flag and wakes the loops.
  void stop() noexcept {
    is_stopping_ = true;
    wake_all();
  }
  [[nodiscard]] bool is_stopping() const noexcept { return is_stopping_; }

  [[nodiscard]] Statistics statistics() {
    std::lock_guard const lock(mutex_);
    auto sum = past_;
    for (Serving const* const each : loops_) each->add_to(sum);
    return sum;
  }

 private:
  std::atomic<bool> is_stopping_ = false;
  std::mutex mutex_;
  std::vector<Serving*> loops_;
  Statistics past_;  // of loops that have ended
};

}  // namespace strait::detail
