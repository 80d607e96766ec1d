// running_loops: the registry of the process's running loops, used by the stall detector and by task dumps.
#pragma once

#include <mutex>

#include "base/process_wide.hpp"
#include "core/loop.hpp"

namespace strait::detail {

/// Contains each loop while its `run` is running. May be used from any thread.
class running_loops {
 public:
  static running_loops& instance() { return process_wide<running_loops>::instance(); }

  /// Registers a loop while this object exists.
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

  /// Turns watching by a stall detector on or off, for all running and future loops.
  void watch(bool on);

  /// Calls `look(loop, count)` for each running loop; `count` is how many there are. No loop ends meanwhile.
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
