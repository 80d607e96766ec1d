// event_loop: what tasks run on. One per thread; `run` makes one where none is wanted for longer.
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

/// The outermost branch of a loop: the task that `event_loop::run` runs.
class STRAIT_API main_branch : private scope, public branch {
 public:
  main_branch(loop& on, promise_base& first, std::coroutine_handle<> coroutine) noexcept;
  using scope::cancel;
  void finished() noexcept override;

 private:
  [[nodiscard]] scope const& outermost_scope() const noexcept final { return *this; }
  void drop() noexcept final {}
};

/// A branch that owns its task.
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

/// Something posted from another thread: runs once, then deletes itself.
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

/// Runs tasks on the calling thread. All members but `post` and `cancel` are for that thread only.
class STRAIT_API event_loop {
 public:
  /// Throws `std::system_error` if the system has no descriptors left.
  event_loop();
  event_loop(event_loop const&) = delete;
  event_loop& operator=(event_loop const&) = delete;
  ~event_loop();

  /// Runs `main` until it has ended, and with it all that it spawned; gives its value or throws its exception,
  /// `canceled` included. Not to be called inside a task. A loop can run one task after another.
  template <class T>
  T run(task<T> main) {
    if (!main) detail::throw_used_up();
    detail::branch_of<T> first(*loop_, main);
    run_branch(first);
    return first.take();
  }
  /// The same with a callable that makes the task; it is kept alive.
  template <detail::makes_task F>
  decltype(auto) run(F main) {
    return run(detail::keep_alive(std::move(main)));
  }

  /// Has the loop call `function()` once, outside of any task, in the order of the calls. **From any thread**, while
  /// the loop exists. `function` must not throw; it is destroyed unused if the loop ends first, and so is what its
  /// destructor posts then, and so on: the loop ends when nothing is posted any more. May throw `std::bad_alloc`.
  template <class F>
  void post(F function) {
    post_work(*new detail::posted<F>(std::move(function)));
  }

  /// Cancels the task that `run` runs, now or, if it runs none, the next one. **From any thread**, while the loop
  /// exists.
  void cancel() noexcept;

 private:
  friend detail::loop& detail::loop_of(event_loop const& loop) noexcept;
  void run_branch(detail::main_branch& first);
  void post_work(detail::work& item) noexcept;
  detail::loop* loop_;
};

/// Gives the loop that the awaiting task runs on: `event_loop& loop = co_await current_loop();`
class [[nodiscard("co_await it")]] current_loop_operation {
 public:
  using await_result = event_loop&;
  current_loop_operation operator co_await() const noexcept { return {}; }
  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    branch_ = &self.promise().current_branch();
    return branch_->completed_at_once(self, 1);
  }
  STRAIT_API event_loop& await_resume() const noexcept;

 private:
  detail::branch* branch_ = nullptr;
};

/// Needs no waiting, and completes in a canceled scope, too. The reference lives as long as the loop.
inline current_loop_operation current_loop() noexcept { return {}; }

}  // namespace strait
