// timeout: a limit of time for anything that can be awaited.
#pragma once

#include <utility>

#include "strait/base/chrono.hpp"
#include "strait/base/export.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/core/task.hpp"

namespace strait {
namespace detail {

/// Cancels the scope of the current branch, inside which it is made, at a time.
class STRAIT_API deadline final : private timer {
 public:
  deadline(branch& where, clock::time_point when, std::chrono::duration<double> limit);
  /// What a `canceled` that left the scope means: throws `timed_out` if it was this deadline's doing.
  void translate(canceled const& ended) const;

 private:
  void expired() noexcept override;
  scope scope_;
  scoped_entry entry_;
  std::chrono::duration<double> limit_;
  bool has_expired_ = false;
};

template <awaitable A>
task<await_result_t<A>> with_deadline(clock::time_point when, std::chrono::duration<double> limit, A what) {
  deadline const scope(co_await this_branch{}, when, limit);
  try {
    co_return co_await std::move(what);
  } catch (canceled const& ended) {
    scope.translate(ended);
    throw;
  }
}

}  // namespace detail

/// Awaits `what` (an operation, a task, or a callable that makes a task) for at most `limit`, counted from this call.
/// The time in which `what` computes counts, too, unlike for the limits of a stream, which count only waiting. When the
/// limit is reached, `what` is canceled, and if it ends with that, `timed_out` is thrown. Any other result is
/// delivered, for example data that arrived in the last moment. A cancel from outside stays `canceled`. A `limit` of
/// zero or less is reached at once: only an operation that need not wait completes. A NaN is refused with
/// `std::invalid_argument`.
///
///     auto n = co_await timeout(5s, peer.read(buffer));
template <class Rep, class Period, awaitable A>
task<await_result_t<A>> timeout(std::chrono::duration<Rep, Period> limit, A what) {
  return detail::with_deadline(detail::deadline_after(limit), limit, std::move(what));
}
template <class Rep, class Period, detail::makes_task F>
auto timeout(std::chrono::duration<Rep, Period> limit, F what) {
  return timeout(limit, detail::keep_alive(std::move(what)));
}

}  // namespace strait
