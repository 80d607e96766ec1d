// The loops of the process that run, for those who look at all of them.
#pragma once

#include <mutex>

#include "base/process_wide.hpp"
#include "core/loop.hpp"

namespace strait::detail {

/// A loop is among them while `loop::run` runs. Any thread.
class running_loops {
 public:
  static running_loops& instance() { return process_wide<running_loops>::instance(); }

  /// Has a loop be among them while it exists.
  class membership {
   public:
    explicit membership(loop& begun);
    membership(membership const&) = delete;
    membership& operator=(membership const&) = delete;
    ~membership();

   private:
    running_loops& all_;
    loop& loop_;
  };

  /// Whether those that run, and those that will, are watched by a stall detector.
  void watch(bool on);

  /// Calls `look` with each of them and how many there are. None of them ends meanwhile.
  template <class Look>
  void for_each(Look look) {
    std::lock_guard const lock(mutex_);
    for (loop* each = all_.front(); each; each = all_.next(*each)) look(*each, size_);
  }

 private:
  std::mutex mutex_;
  intrusive_list<loop, running_tag> all_;
  unsigned size_ = 0;
  bool is_watched_ = false;
};

}  // namespace strait::detail
