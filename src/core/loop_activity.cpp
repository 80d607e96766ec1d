// The end of what a stall detector has reported.
#include "core/loop_activity.hpp"

namespace strait::detail {

// Never destroyed: a loop may still run while the process exits.
std::mutex& stall_listener::mutex() noexcept {
  static std::mutex& the_mutex = *new std::mutex;
  return the_mutex;
}

void loop_activity::report_end(std::source_location stands_at) noexcept {
  std::lock_guard const lock(stall_listener::mutex());
  if (!is_reported()) return;  // the detector has seen the end itself, and not reported it
  reported_.store(0);
  if (stall_listener::the_one) stall_listener::the_one->has_ended(seen, stands_at);
}

}  // namespace strait::detail
