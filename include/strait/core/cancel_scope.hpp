// cancel_scope: cancels a block of code. shield: protects a block from cancellation.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "strait/base/error.hpp"
#include "strait/core/task.hpp"

namespace strait {
namespace detail {

/// While it exists, the awaits of the current branch belong to the scope `inner`.
class scoped_entry {
 public:
  /// Throws `std::logic_error` if `inner` has already been entered.
  scoped_entry(branch& where, scope& inner, bool shielded = false)
      : branch_(&where), outer_(where.current_scope()), inner_(inner) {
    where.enter(inner_, shielded);
  }
  scoped_entry(scoped_entry const&) = delete;
  scoped_entry& operator=(scoped_entry const&) = delete;
  ~scoped_entry() { leave(); }

  /// Leaves the scope before the end of the block.
  void leave() noexcept {
    if (branch_) branch_->leave(inner_);
    branch_ = nullptr;
  }

  [[nodiscard]] bool is_canceled_outside() const noexcept { return outer_.is_canceled(); }

 private:
  branch* branch_;
  scope& outer_;
  scope& inner_;
};

}  // namespace detail

/// Runs a block of code that can be canceled, from inside or outside of it:
///
///     cancel_scope scope;
///     bool done = co_await scope.run(work());            // false if scope.cancel() ended it early
///
/// Cancellation applies to a scope and everything below it in the task tree. It ends the operations that the tasks of
/// the scope are waiting for, and from then on every await of an operation in the scope throws `strait::canceled`
/// (cancellation is level-triggered, so it cannot be missed). Awaiting a task does not throw by itself; the operations
/// in that task do. An operation that is already complete when the scope is canceled delivers its result; then the next
/// await throws.
///
/// All members must be called on the loop's thread. To cancel from another thread, use `cancel_on`
/// (strait/core/stop_token.hpp).
class cancel_scope {
 public:
  /// A scope that has not been canceled.
  cancel_scope() = default;

  /// Cancels the running block and every block that is run later. Has no effect on a block that has ended.
  void cancel() noexcept { scope_.cancel(); }
  /// Whether `cancel` has been called, or an enclosing scope has been canceled while a block runs.
  [[nodiscard]] bool is_canceled() const noexcept { return scope_.is_canceled(); }

  /// Awaits `block` in this scope. Returns true if it completed, false if this scope's `cancel` ended it. A `canceled`
  /// with another cause (an enclosing scope, a stop token or a scope inside the block) is rethrown. A scope runs one
  /// block at a time; otherwise `std::logic_error` is thrown.
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
  /// The same for a block with a value. Returns the value, or an empty optional if this scope's `cancel` ended the
  /// block.
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
  /// The same for a callable that returns a task; the callable is kept alive until the task has ended.
  template <detail::makes_task F>
  auto run(F block) {
    return run(detail::keep_alive(std::move(block)));
  }

 private:
  detail::scope scope_;
};

/// Awaits `block` protected from cancellation of the enclosing scopes, which takes effect at the first await after the
/// shield. Use it for cleanup that must complete: keep it short, and limit it with a `timeout`.
template <awaitable A>
task<await_result_t<A>> shield(A block) {
  detail::scope inner;
  detail::scoped_entry const entry(co_await detail::this_branch{}, inner, true);
  co_return co_await std::move(block);
}
/// The same for a callable that returns a task; the callable is kept alive until the task has ended.
template <detail::makes_task F>
auto shield(F block) {
  return shield(detail::keep_alive(std::move(block)));
}

}  // namespace strait
