// event_loop: runs tasks, on one thread. `run` (strait/core/run.hpp) creates one for a single task.
#pragma once

#include <coroutine>
#include <utility>

#include "strait/base/export.hpp"
#include "strait/core/task.hpp"

namespace strait {

class event_loop;

namespace detail {

class loop;
[[nodiscard]] STRAIT_API loop& loop_of(event_loop const& loop) noexcept;

/// The outermost branch of a loop, for the task passed to `event_loop::run`.
class STRAIT_API main_branch : private scope, public branch {
 public:
  main_branch(loop& on, promise_base& first, std::coroutine_handle<> coroutine) noexcept;
  using scope::cancel;
  void finished() noexcept override;

 private:
  [[nodiscard]] scope const& outermost_scope() const noexcept final { return *this; }
  void drop() noexcept final {}
};

/// A main branch that owns its task.
template <class T>
class branch_of final : public main_branch {
 public:
  branch_of(loop& on, task<T>& main) noexcept
      : main_branch(on, *task_access::promise_of(main), task_access::handle_of(main)), owned_(std::move(main)) {}
  ~branch_of() { drop_tasks(); }
  T take() { return task_access::promise_of(owned_)->take(); }

 private:
  task<T> owned_;
};

/// A function passed to `event_loop::post`: is called once, and then deletes itself.
template <class F>
class posted final : public work {
 public:
  explicit posted(F function) : function_(std::move(function)) {}
  void run_work() noexcept override {
    function_();
    delete this;
  }
  void drop_work() noexcept override { delete this; }

 private:
  F function_;
};

}  // namespace detail

/// Runs tasks on the thread that calls `run`. `post` and `cancel` may be called from any thread; all other members only
/// on the loop's thread.
class STRAIT_API event_loop {
 public:
  /// Throws `std::system_error` if no descriptors are available.
  event_loop();
  event_loop(event_loop const&) = delete;
  event_loop& operator=(event_loop const&) = delete;
  /// Destroys posted functions that have not been called.
  ~event_loop();

  /// Runs `main` until it and all tasks that it spawned have ended. Returns its value or throws its exception, which
  /// may be `canceled`. Must not be called inside a task of this loop: `std::logic_error`. A loop can run any number of
  /// tasks one after another.
  template <class T>
  T run(task<T> main) {
    if (!main) detail::throw_consumed();
    detail::branch_of<T> first(*loop_, main);
    run_branch(first);
    return first.take();
  }
  /// The same for a callable that returns a task; the callable is kept alive until the task has ended.
  template <detail::makes_task F>
  decltype(auto) run(F main) {
    return run(detail::keep_alive(std::move(main)));
  }

  /// Makes the loop call `function()` once, outside of any task; posted functions are called in order. May be called
  /// **from any thread** while the loop exists. `function` must not throw. If the loop is destroyed first, `function`
  /// is destroyed without being called, and so are functions that destructors post meanwhile. May throw
  /// `std::bad_alloc`.
  template <class F>
  void post(F function) {
    post_work(*new detail::posted<F>(std::move(function)));
  }

  /// Cancels the task that `run` is running; if there is none, the next task that is run. May be called **from any
  /// thread** while the loop exists.
  void cancel() noexcept;

 private:
  friend detail::loop& detail::loop_of(event_loop const& loop) noexcept;
  void run_branch(detail::main_branch& first);
  void post_work(detail::work& item) noexcept;
  detail::loop* loop_;
};

/// Returned by `current_loop`; await it.
class [[nodiscard("co_await it")]] current_loop_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = event_loop&;
  /// Starts the operation.
  current_loop_operation operator co_await() const noexcept { return {}; }
  /// @cond
  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    branch_ = &self.promise().current_branch();
    return branch_->completed_at_once(self, 1);
  }
  STRAIT_API event_loop& await_resume() const noexcept;
  /// @endcond

 private:
  detail::branch* branch_ = nullptr;
};

/// Returns the loop that the awaiting task runs on: `event_loop& loop = co_await current_loop();` Completes
/// immediately, even in a canceled scope. The reference is valid as long as the loop exists.
inline current_loop_operation current_loop() noexcept { return {}; }

}  // namespace strait
