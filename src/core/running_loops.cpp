// The registry of the loops that are running.
#include "core/running_loops.hpp"

namespace strait::detail {

void running_loops::watch(bool on) {
  std::lock_guard const lock(mutex_);
  is_watched_ = on;
  for (loop* each = all_.front(); each; each = all_.next(*each)) each->is_watched = on;
}

running_loops::membership::membership(loop& begun) : all_(instance()), loop_(begun) {
  std::lock_guard const lock(all_.mutex_);
  loop_.is_watched = all_.is_watched_;
  all_.all_.push_back(loop_);
  ++all_.size_;
}

running_loops::membership::~membership() {
  std::lock_guard const lock(all_.mutex_);
  static_cast<list_hook<running_tag>&>(loop_).unlink();
  --all_.size_;
}

}  // namespace strait::detail
