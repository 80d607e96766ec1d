// sleep_for, sleep_until and yield.
#include "strait/core/sleep.hpp"

#include <stdexcept>

namespace strait::detail {

void throw_not_a_duration() { throw std::invalid_argument("strait: a duration must not be NaN"); }

bool sleep_awaiter::start(branch& where, std::coroutine_handle<> self) {
  canceled_ = where.is_canceled();
  if (canceled_) return where.completed_at_once(self);
  set(where.core(), until_);
  suspend(where, self);
  return true;
}

void sleep_awaiter::cancel() noexcept {
  canceled_ = is_set();  // if the timer expired in the same turn, the sleep is complete
  reset();
  resume_soon();
}

bool yield_awaiter::start(branch& where, std::coroutine_handle<> self) noexcept {
  canceled_ = where.is_canceled();
  if (canceled_) return where.completed_at_once(self);
  suspend(where, self);
  resume_soon();
  return true;
}

}  // namespace strait::detail
