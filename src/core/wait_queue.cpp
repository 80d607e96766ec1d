// wait_queue: how tasks start and stop waiting in it.
#include "strait/core/detail/wait_queue.hpp"

#include "strait/base/error.hpp"

namespace strait::detail {

bool waiter::begin(branch& where, std::coroutine_handle<> self) noexcept {
  if (where.is_canceled()) {
    outcome_ = outcome::canceled;
    return where.completed_at_once(self);
  }
  outcome_ = take_at_once();
  if (outcome_ == outcome::none) {
    suspend(where, self);
    queue_->waiting_.push_back(*this);
    return true;
  }
  if (where.core().spend(loop_core::operation_cost)) return false;
  // The operation is complete, but the branch has spent its budget and resumes in the next turn.
  suspend(where, self);
  queue_->served_.push_back(*this);
  resume_soon();
  return true;
}

void waiter::cancel() noexcept {
  unlink();
  outcome_ = outcome::canceled;
  resume_soon();
}

void waiter::fail(char const* context) const {
  if (outcome_ == outcome::canceled) throw canceled();
  throw error(errc::closed, context);
}

void wait_queue::end(waiter& item, waiter::outcome how) noexcept {
  item.outcome_ = how;
  served_.push_back(item);
  item.wake();
}

void wait_queue::end_all(waiter::outcome how) noexcept {
  while (waiter* const first = front()) end(*first, how);
}

void wait_queue::close() noexcept {
  end_all(waiter::outcome::closed);
  while (waiter* const each = served_.front()) {
    each->unlink();
    each->queue_ = nullptr;
  }
}

}  // namespace strait::detail
