// timeout: limits the time of anything that can be awaited.
#pragma once

#include <type_traits>
#include <utility>

#include "strait/base/chrono.hpp"
#include "strait/base/export.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/core/task.hpp"

namespace strait {
namespace detail {

/// Makes the awaits of the current branch belong to a scope, and cancels that scope at a given time.
class STRAIT_API deadline final : private timer {
 public:
  deadline(branch& where, clock::time_point when, std::chrono::duration<double> limit);
  /// Throws `timed_out` if this deadline caused the `canceled` that has left the scope; otherwise returns.
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

/// Awaits `what` (an operation, a task, or a callable that returns a task) for at most `limit`, counted from this call.
/// Time that `what` spends computing counts, too; by contrast, the time limits of a stream count only waiting. When the
/// limit is reached, `what` is canceled, and if it ends with `canceled`, `timed_out` is thrown. Any other result is
/// delivered, for example data that arrived at the last moment. If an enclosing scope is canceled, `canceled` is thrown
/// as usual. With a `limit` of zero or less, only operations that need not wait complete. NaN throws
/// `std::invalid_argument`.
///
///     auto n = co_await timeout(5s, peer.read(buffer));
template <class Rep, class Period, awaitable A>
task<await_result_t<A>> timeout(std::chrono::duration<Rep, Period> limit, A what) {
  return detail::with_deadline(detail::deadline_after(limit), limit, std::move(what));
}
/// The same for a callable that returns a task; the callable is kept alive until the task has ended.
template <class Rep, class Period, detail::makes_task F>
auto timeout(std::chrono::duration<Rep, Period> limit, F what) {
  return timeout(limit, detail::keep_alive(std::move(what)));
}

template <class T, class A>
  requires std::is_arithmetic_v<T>
task<> timeout(T, A&&) {
  static_assert(!std::is_arithmetic_v<T>, "strait: timeout takes a duration with a unit: timeout(5s, …)");
  co_return;
}

}  // namespace strait
