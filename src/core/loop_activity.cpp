// Reports the end of a stall.
#include "core/loop_activity.hpp"

namespace strait::detail {

void loop_activity::report_end(std::source_location waits_at) noexcept {
  std::lock_guard const lock(stall_listener::mutex());
  if (!is_reported()) return;  // the detector has noticed the end first and did not report the activity
  reported_.store(0);
  if (auto* const detector = stall_listener::current()) detector->stall_ended(seen, waits_at);
}

}  // namespace strait::detail
