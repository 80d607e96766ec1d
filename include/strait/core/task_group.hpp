// task_group: tasks side by side, none of which outlives the block that began them.
//
// `with_task_group(body)` runs `body`, a callable that gets the group and makes a task, and returns when the body and
// every task spawned into the group have ended. There is no other way to run a task in the background, so none is ever
// lost, nor its exception:
//
// - When the body or a child fails, the group is canceled (body and children alike), and when all have ended, the
//   exception is rethrown; several are rethrown as one `multiple_errors`.
// - Without a hook, the value that the body has returned is destroyed when a child fails. Keep what must not be lost
//   outside of the block, or use a hook, or `when_all_settled` (strait/core/when_all.hpp), which returns values and
//   failures.
// - With a hook (`with_task_group(print_failure, body)`) a child's failure is reported to it, and the others go on:
//   what a server wants of its connections.
// - `group.cancel()` ends body and children; the block then ends normally, or, if the body was to give a value and has
//   not, with `canceled`.
// - A cancel from outside ends them too, and the block with `canceled`. So does `canceled` out of the body or a child
//   that nobody here has canceled; with a hook, such a child just ends.
//
// A group belongs to one loop's thread.
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

/// What `with_task_group` gives for a body: the body's kind of task. For what is no body, a task all the same, so that
/// the compiler comes to the sentence that says so.
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

/// Concurrent tasks that end before the block that spawned them: see the top of this file.
class STRAIT_API task_group {
 public:
  task_group(task_group const&) = delete;
  task_group& operator=(task_group const&) = delete;

  /// Begins `child`, which runs in the loop's next turn and then side by side with the others.
  void spawn(task<> child);

  /// Begins the task that `callable(arguments...)` makes. Callable and arguments are moved into the group and kept
  /// until the task has ended, so a lambda with captures is safe here; spawning the task that a temporary lambda has
  /// made is not, since its captures die with it.
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
  template <class T>
    requires(!std::is_void_v<T>)
  void spawn(task<T>) {
    static_assert(std::is_void_v<T>,
                  "strait: spawn takes a task<>, because the value of another task would be lost. "
                  "Spawn a lambda that returns task<> and uses the value, or use when_all");
  }

  /// Cancels the body and all children, those to come included.
  void cancel() noexcept { scope_.cancel(); }
  /// The group was canceled, by `cancel`, by a failure or from outside.
  [[nodiscard]] bool is_canceled() const noexcept { return scope_.is_canceled(); }

  /// How many children have not ended.
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

  template <class Body>
  static detail::group_task<Body> run(Body& body, failure_hook report, void* hook);

  /// Notes what ended the body (called in a catch block) and cancels the children.
  void body_failed() noexcept;
  void child_ended(child& ended) noexcept;
  void keep(std::exception_ptr failure) noexcept;
  /// Throws what the block is to end with, if not with its value, which it has unless `has_value` is false.
  void rethrow(bool has_value);
  void throw_all_failures();

  detail::branch& owner_;
  detail::promise_base* const owner_task_;
  detail::scope scope_;
  std::optional<detail::scoped_entry> entry_;
  detail::intrusive_list<child> children_;
  std::size_t size_ = 0;
  join_operation* joining_ = nullptr;
  failure_hook report_;
  void* hook_;
  std::exception_ptr first_failure_;
  std::vector<std::exception_ptr> more_failures_;
  std::exception_ptr body_canceled_;  // the body ended with `canceled`
  bool canceled_first_ = false;       // it or a child did, and not because the group was canceled
  bool child_canceled_ = false;
};

/// Completes when the last child of a group has ended; by then another may have been spawned. A cancel does not end it:
/// it reaches the children, which end. Not a task: there might be no memory for one.
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

template <class Body>
detail::group_task<Body> task_group::run(Body& body, failure_hook report, void* hook) {
  using value = await_result_t<std::invoke_result_t<Body&, task_group&>>;
  task_group group(co_await detail::this_branch{}, report, hook);
  if constexpr (std::is_void_v<value>) {
    try {
      co_await body(group);
    } catch (...) {
      group.body_failed();
    }
    while (group.size() != 0) {
      join_operation children(group);
      co_await children;
    }
    group.rethrow(!group.body_canceled_ && !group.child_canceled_);
  } else {
    std::optional<value> given;
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
}

/// Runs `body(group)` and what it spawns; completes when all have ended, with the body's value. `body` is kept alive
/// until then. See the top of this file for failures and cancels.
template <class Body>
detail::group_task<Body> with_task_group(Body body) {
  static_assert(detail::makes_task<Body, task_group&>,
                "strait: with_task_group takes a callable `[&](task_group& group) -> task<> { … }`");
  if constexpr (detail::makes_task<Body, task_group&>) co_return co_await task_group::run(body, nullptr, nullptr);
}

/// A hook for servers: writes one line to stderr, "program: read from 127.0.0.1:41230: connection reset by peer".
STRAIT_API void print_failure(std::exception_ptr failure) noexcept;

/// The same, but a child's failure is passed to `hook(std::exception_ptr)` and cancels nobody. The body's own failure
/// still ends the block.
template <class Hook, class Body>
  requires std::is_invocable_v<Hook&, std::exception_ptr>
detail::group_task<Body> with_task_group(Hook hook, Body body) {
  static_assert(detail::makes_task<Body, task_group&>,
                "strait: with_task_group takes a hook and a callable `[&](task_group& group) -> task<> { … }`");
  auto const report = [](void* to, std::exception_ptr failure) { (*static_cast<Hook*>(to))(std::move(failure)); };
  if constexpr (detail::makes_task<Body, task_group&>) co_return co_await task_group::run(body, report, &hook);
}

}  // namespace strait
