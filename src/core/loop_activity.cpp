// The end of what a stall detector has reported.
#include "core/loop_activity.hpp"

namespace strait::detail {

void loop_activity::report_end(std::source_location stands_at) noexcept {
  std::lock_guard const lock(stall_listener::mutex());
  if (!is_reported()) return;  // the detector has seen the end itself, and not reported it
  reported_.store(0);
  if (auto* const detector = stall_listener::the_one()) detector->has_ended(seen, stands_at);
}

}  // namespace strait::detail
