// task_group: concurrent tasks, none of which outlives the block that started them (structured concurrency).
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/task.hpp"

namespace strait {

class task_group;

namespace detail {

/// The return type of `with_task_group`: the type of task that the body returns. For an invalid body it is `task<>`, so
/// that the compiler reaches the static_assert.
template <class Body, bool is_body = makes_task<Body, task_group&>>
struct task_of_group {
  using type = task<>;
};
template <class Body>
struct task_of_group<Body, true> {
  using type = std::invoke_result_t<Body&, task_group&>;
};
template <class Body>
using group_task = typename task_of_group<Body>::type;

}  // namespace detail

/// A set of concurrent tasks, none of which outlives the block that started them (structured concurrency).
///
/// `with_task_group(body)` calls `body`, a callable that takes the group and returns a task, and completes when the
/// body and every task spawned into the group (its children) have ended. There is no other way to run a task in the
/// background, so no task and no exception is ever lost:
///
/// - If the body or a child fails, the group is canceled (body and children), and when all have ended, the exception is
///   rethrown; several exceptions are rethrown as one `multiple_errors`.
/// - Without a hook, the value that the body has returned is destroyed if a child fails. Store a value that must not be
///   lost outside of the block, or use a hook, or `when_all_settled` (strait/core/when_all.hpp), which returns values
///   and failures.
/// - With a hook, `with_task_group(print_failure, body)`, the failure of a child is passed to the hook, and the others
///   continue. Servers do this with their connections.
/// - `group.cancel()` cancels the body and the children. Then the block completes normally or, if the body has a value
///   to return and did not return it, with `canceled`.
/// - If an enclosing scope is canceled, the body and the children are canceled, and the block throws `canceled`. The
///   same holds if the body or a child throws `canceled` although the group has not been canceled; with a hook, such a
///   child just ends.
///
/// All members of a group must be called on the loop's thread.
class STRAIT_API task_group {
 public:
  task_group(task_group const&) = delete;
  task_group& operator=(task_group const&) = delete;

  /// Starts `child` in the loop's next turn; from then on it runs concurrently with the body and the other children.
  void spawn(task<> child);

  /// Starts the task that `callable(arguments...)` returns. The callable and the arguments are moved into the group and
  /// kept until the task has ended, so lambdas with captures are safe here. Spawning the task that a temporary lambda
  /// has returned is not safe, because its captures are destroyed with the lambda.
  template <class F, class... Args>
    requires(!detail::is_task<std::remove_cvref_t<F>>)
  void spawn(F callable, Args... arguments) {
    static_assert(std::is_invocable_v<F&, Args...>,
                  "strait: task_group::spawn takes a task<>, or a callable and the arguments to call it with");
    if constexpr (std::is_invocable_v<F&, Args...>) {
      static_assert(std::is_same_v<std::invoke_result_t<F&, Args...>, task<>>,
                    "strait: spawn takes a task<>, because the value of another task would be lost. "
                    "Spawn a lambda that returns task<> and uses the value, or use when_all");
      spawn(detail::keep_alive(std::move(callable), std::move(arguments)...));
    }
  }
  /// Does not compile: the value of the task would be lost.
  template <class T>
    requires(!std::is_void_v<T>)
  void spawn(task<T>) {
    static_assert(std::is_void_v<T>,
                  "strait: spawn takes a task<>, because the value of another task would be lost. "
                  "Spawn a lambda that returns task<> and uses the value, or use when_all");
  }

  /// Cancels the body and all children, including those that are spawned later.
  void cancel() noexcept { scope_.cancel(); }
  /// Whether the group or an enclosing scope has been canceled.
  [[nodiscard]] bool is_canceled() const noexcept { return scope_.is_canceled(); }

  /// The number of children that have not ended.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  class child;
  class join_operation;
  using failure_hook = void (*)(void* hook, std::exception_ptr failure);

  template <class Body>
  friend detail::group_task<Body> with_task_group(Body body);
  template <class Hook, class Body>
    requires std::is_invocable_v<Hook&, std::exception_ptr>
  friend detail::group_task<Body> with_task_group(Hook hook, Body body);

  explicit task_group(detail::branch& owner, failure_hook report = nullptr, void* hook = nullptr);
  ~task_group();

  /// A body without its type.
  using body_call = task<> (*)(void* body, task_group& group);
  template <class Body>
  static task<> call(void* body, task_group& group) {
    return (*static_cast<Body*>(body))(group);
  }
  template <class Body>
  static detail::group_task<Body> run(Body& body, failure_hook report, void* hook) {
    if constexpr (std::is_same_v<detail::group_task<Body>, task<>>) return run(&call<Body>, &body, report, hook);
    else return run_for_value(body, report, hook);
  }
  static task<> run(body_call call, void* body, failure_hook report, void* hook);
  template <class Body>
  static detail::group_task<Body> run_for_value(Body& body, failure_hook report, void* hook);

  /// Records the exception of the body (called in a catch block), and cancels the children.
  void body_failed() noexcept;
  void child_ended(child& ended) noexcept;
  void keep(std::exception_ptr failure) noexcept;
  /// Throws the exception with which the block ends, if any. `has_value`: the body has completed.
  void rethrow(bool has_value);
  void throw_all_failures();

  detail::branch& owner_;
  detail::promise_base* const owner_task_;
  detail::scope scope_;
  detail::scoped_entry entry_;
  detail::intrusive_list<child> children_;
  std::size_t size_ = 0;
  join_operation* joining_ = nullptr;
  failure_hook report_;
  void* hook_;
  std::exception_ptr first_failure_;
  std::vector<std::exception_ptr> more_failures_;
  std::exception_ptr body_canceled_;  // the `canceled` with which the body ended
  bool canceled_first_ = false;       // the body or a child threw `canceled` before the group was canceled
  bool child_canceled_ = false;
};

/// @cond
/// Completes when the last child of a group has ended; another may have been spawned when it resumes. Cancellation does
/// not end it, but ends the children. It is not a task, because there might be no memory for one.
class task_group::join_operation final : public detail::operation {
 public:
  using await_result = void;
  explicit join_operation(task_group& group) noexcept : group_(group) {}

  auto operator co_await() noexcept { return detail::awaiter_reference(*this); }
  [[nodiscard]] static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> self) noexcept {
    group_.joining_ = this;
    suspend(self.promise().current_branch(), self);
  }
  void await_resume() const noexcept {}
  void last_ended() noexcept { resume_soon(); }

 private:
  void cancel() noexcept override {}
  task_group& group_;
};
/// @endcond

template <class Body>
detail::group_task<Body> task_group::run_for_value(Body& body, failure_hook report, void* hook) {
  task_group group(co_await detail::this_branch{}, report, hook);
  std::optional<await_result_t<detail::group_task<Body>>> given;
  try {
    given.emplace(co_await body(group));
  } catch (...) {
    group.body_failed();
  }
  while (group.size() != 0) {
    join_operation children(group);
    co_await children;
  }
  group.rethrow(given.has_value());
  if (!given) throw canceled();
  co_return std::move(*given);
}

/// Runs `body(group)` and the tasks that it spawns; completes with the body's value when all have ended. `body` is kept
/// alive until then. See `task_group` for failures and cancellation.
///
///     co_await with_task_group([&](task_group& group) -> task<> {
///       while (true) group.spawn(handle, co_await listener.accept());
///     });
template <class Body>
detail::group_task<Body> with_task_group(Body body) {
  static_assert(detail::makes_task<Body, task_group&>,
                "strait: with_task_group takes a callable `[&](task_group& group) -> task<> { … }`");
  if constexpr (detail::makes_task<Body, task_group&>) co_return co_await task_group::run(body, nullptr, nullptr);
}

/// A hook for servers: prints one line to stderr, "program: read from 127.0.0.1:41230: connection reset by peer".
STRAIT_API void print_failure(std::exception_ptr failure) noexcept;

/// The same, but the failure of a child is passed to `hook(std::exception_ptr)` and does not cancel the group. A
/// failure of the body still cancels the group and is rethrown.
template <class Hook, class Body>
  requires std::is_invocable_v<Hook&, std::exception_ptr>
detail::group_task<Body> with_task_group(Hook hook, Body body) {
  static_assert(detail::makes_task<Body, task_group&>,
                "strait: with_task_group takes a hook and a callable `[&](task_group& group) -> task<> { … }`");
  auto const report = [](void* to, std::exception_ptr failure) { (*static_cast<Hook*>(to))(std::move(failure)); };
  if constexpr (detail::makes_task<Body, task_group&>) co_return co_await task_group::run(body, report, &hook);
}

}  // namespace strait
