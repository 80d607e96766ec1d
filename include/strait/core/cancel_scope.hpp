// Cancellation of a block, and protection from it.
//
// A cancel flows down the task tree. It ends what the tasks of a scope wait for, and from then on every await in the
// scope ends at once with `strait::canceled` (it is level-triggered: there is no missing it). Awaits of tasks are no
// such points, only awaits of operations are. An operation that has done its work when the cancel comes says so: its
// result is delivered, and the next await ends.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "strait/base/error.hpp"
#include "strait/core/task.hpp"

namespace strait {
namespace detail {

/// Inside it, the awaits of the current branch belong to a scope of their own.
class scoped_entry {
 public:
  /// `inner` must not be entered already: `std::logic_error`.
  scoped_entry(branch& where, scope& inner, bool shielded = false)
      : branch_(where), outer_(where.current_scope()), inner_(inner) {
    branch_.enter(inner_, shielded);
  }
  scoped_entry(scoped_entry const&) = delete;
  scoped_entry& operator=(scoped_entry const&) = delete;
  ~scoped_entry() { branch_.leave(inner_); }

  [[nodiscard]] bool is_canceled_outside() const noexcept { return outer_.is_canceled(); }

 private:
  branch& branch_;
  scope& outer_;
  scope& inner_;
};

}  // namespace detail

/// Cancels a block of code, from inside or outside of it:
///
///     cancel_scope scope;
///     bool done = co_await scope.run(work());            // false if scope.cancel() ended it early
///
/// Belongs to one loop's thread; `cancel_on` (strait/core/stop_token.hpp) cancels from others.
class cancel_scope {
 public:
  cancel_scope() = default;

  /// Ends the block, now or whenever it begins. No effect on one that has ended.
  void cancel() noexcept { scope_.cancel(); }
  /// `cancel` was called.
  [[nodiscard]] bool is_canceled() const noexcept { return scope_.is_canceled(); }

  /// Awaits `block` in this scope; one at a time. Gives what `block` gives, as `optional<T>` (`bool` where it gives
  /// nothing), which is empty (false) if this scope's `cancel` ended it. A `canceled` that has another cause (a cancel
  /// from outside, a stop token or a scope inside) is thrown on.
  template <awaitable A>
    requires std::is_void_v<await_result_t<A>>
  task<bool> run(A block) {
    detail::scoped_entry const entry(co_await detail::this_branch{}, scope_);
    try {
      co_await std::move(block);
      co_return true;
    } catch (canceled const&) {
      if (entry.is_canceled_outside() || !is_canceled()) throw;
    }
    co_return false;
  }
  template <awaitable A>
    requires(!std::is_void_v<await_result_t<A>>)
  task<std::optional<await_result_t<A>>> run(A block) {
    detail::scoped_entry const entry(co_await detail::this_branch{}, scope_);
    try {
      co_return co_await std::move(block);
    } catch (canceled const&) {
      if (entry.is_canceled_outside() || !is_canceled()) throw;
    }
    co_return std::nullopt;
  }
  /// The same with a callable that makes the task; it is kept alive.
  template <detail::makes_task F>
  auto run(F block) {
    return run(detail::keep_alive(std::move(block)));
  }

 private:
  detail::scope scope_;
};

/// Awaits `block` protected from cancels from outside, which take effect at the first await behind it. For clean-up
/// that must be done: keep it short, and give it a `timeout`.
template <awaitable A>
task<await_result_t<A>> shield(A block) {
  detail::scope inner;
  detail::scoped_entry const entry(co_await detail::this_branch{}, inner, true);
  co_return co_await std::move(block);
}
template <detail::makes_task F>
auto shield(F block) {
  return shield(detail::keep_alive(std::move(block)));
}

}  // namespace strait
