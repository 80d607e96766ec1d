// Which loops of the process run.
#include "core/running_loops.hpp"

namespace strait::detail {

// Never destroyed: a loop may still run while the process exits.
running_loops& running_loops::instance() {
  static running_loops& all = *new running_loops;
  return all;
}

void running_loops::watch(bool on) {
  std::lock_guard const lock(mutex_);
  is_watched_ = on;
  for (loop* each = all_.front(); each; each = all_.next(*each)) each->is_watched = on;
}

running_loops::membership::membership(loop& begun) : loop_(begun) {
  auto& all = instance();
  std::lock_guard const lock(all.mutex_);
  loop_.is_watched = all.is_watched_;
  all.all_.push_back(loop_);
  ++all.size_;
}

running_loops::membership::~membership() {
  auto& all = instance();
  std::lock_guard const lock(all.mutex_);
  static_cast<list_hook<running_tag>&>(loop_).unlink();
  --all.size_;
}

}  // namespace strait::detail
