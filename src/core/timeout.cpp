// timeout: its deadline.
#include "strait/core/timeout.hpp"

#include <fmt/format.h>

namespace strait::detail {

deadline::deadline(branch& where, clock::time_point when, std::chrono::duration<double> limit)
    : entry_(where, scope_), limit_(limit) {
  set(where.core(), when);
}

void deadline::expired() noexcept {
  has_expired_ = true;
  scope_.cancel();
}

void deadline::translate(canceled const& ended) const {
  if (!has_expired_ || entry_.is_canceled_outside()) return;
  throw timed_out(fmt::format("time limit of {:g} s", limit_.count()), ended.transferred());
}

}  // namespace strait::detail
