// sleep and yield.
#include "strait/core/sleep.hpp"

namespace strait::detail {

bool sleep_awaiter::start(branch& where, std::coroutine_handle<> self) {
  canceled_ = where.is_canceled();
  if (canceled_) return false;
  set(where.core(), until_);
  suspend(where, self);
  return true;
}

void sleep_awaiter::cancel() noexcept {
  canceled_ = is_set();  // one that has expired in the same turn has slept its time
  reset();
  resume_soon();
}

bool yield_awaiter::start(branch& where, std::coroutine_handle<> self) noexcept {
  canceled_ = where.is_canceled();
  if (canceled_) return false;
  suspend(where, self);
  resume_soon();
  return true;
}

}  // namespace strait::detail
