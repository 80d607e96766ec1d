// What the task tree is made of: scopes, branches, and the operations that branches wait for.
//
// A *branch* is one line of execution: a chain of tasks that await each other, of which the innermost either runs or
// waits for one *operation*. `run`, `task_group::spawn` and the like begin branches. A *scope* is what can be canceled
// as a whole: it holds branches and further scopes.
//
// A suspended coroutine is never resumed from inside another one. `branch::resume` runs a chain by a loop of its own
// (a trampoline): a task that begins or ends leaves the handle to go on with in `to_resume_` and returns. So the stack
// does not grow, whatever the compiler makes of tail calls.
//
// Every await that completes without having waited spends the loop's budget: an operation, a canceled or failed one
// too, by `completed_at_once`, a task by its steps in that loop. A branch that has spent it is queued by that loop for
// the next turn, so no loop of awaits keeps the other branches from running.
#pragma once

#include <coroutine>
#include <cstdint>

#include "strait/base/export.hpp"
#include "strait/core/detail/intrusive_list.hpp"

namespace strait::detail {

class branch;
class loop_core;
class operation;
class promise_base;

/// Something that the loop is to run soon. Intrusive: queued at most once at a time.
class work {
 public:
  virtual void run_work() noexcept = 0;
  /// Called instead of `run_work` when the loop ends first.
  virtual void drop_work() noexcept {}

 protected:
  work() = default;
  work(work const&) = delete;
  work& operator=(work const&) = delete;
  ~work() = default;

 private:
  friend class work_queue;
  work* next_ = nullptr;
};

/// First in, first out.
class STRAIT_API work_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  void push(work& item) noexcept;
  work* pop() noexcept;
  void append(work_queue& other) noexcept;
  /// Takes `item` out, if it is in. Linear.
  void remove(work& item) noexcept;

 private:
  static work* after(work const& item) noexcept;
  static void link(work& item, work* next) noexcept;
  static void unlink(work& item) noexcept;
  work* head_ = nullptr;
  work* tail_ = nullptr;
};

/// A node of the tree of what can be canceled. Canceling one cancels all below it, except what is shielded.
class STRAIT_API scope : public list_hook<scope> {
 public:
  scope() noexcept {}
  /// Cancels this scope and, once and for all, every await in it and below it.
  void cancel() noexcept;
  [[nodiscard]] bool is_canceled() const noexcept { return canceled_; }

 private:
  friend class branch;
  void cancel_waits() noexcept;
  bool canceled_ = false;
  bool inherited_ = false;  // canceled with the scope around it, and only while inside that
  bool shielded_ = false;
  scope* parent_ = nullptr;
  intrusive_list<scope> children_;
  intrusive_list<branch, struct scope_tag> branches_;
};

/// The part of a loop that every operation touches. The rest is in src/core/loop.hpp.
class loop_core {
 public:
  /// How much more the running branch may do without a turn for the others, in steps of tasks.
  int budget = 0;

  /// An operation, which may cost a system call or an exception, counts as so many steps.
  static constexpr int operation_cost = 32;
  /// False: the running branch has spent its budget.
  bool spend(int steps) noexcept { return (budget -= steps) >= 0; }

 protected:
  loop_core() = default;
  ~loop_core() = default;
};

/// The part of a branch that every operation touches, by itself so that it lies in one cache line with the head of
/// `work`.
class branch_state {
 public:
  // What the promises of the chain keep here.
  std::coroutine_handle<> to_resume_;  ///< with what `resume` goes on
  promise_base* innermost_ = nullptr;  ///< the task that runs or waits
  operation* waiting_ = nullptr;       ///< for what it waits, if that can be canceled

 protected:
  branch_state(loop_core& loop, scope& where) noexcept : loop_(&loop), scope_(&where) {}
  loop_core* loop_;
  scope* scope_;
};

class STRAIT_API branch : public work,
                          public branch_state,
                          public list_hook<struct scope_tag>,
                          public list_hook<struct loop_tag> {
 public:
  /// A branch on `loop`, in `where`. `parent` is the task that waits for it; null for the loop's first branch.
  branch(loop_core& loop, scope& where, promise_base* parent) noexcept;
  virtual ~branch();

  [[nodiscard]] loop_core& core() const noexcept { return *loop_; }
  [[nodiscard]] bool is_canceled() const noexcept { return scope_->is_canceled(); }
  [[nodiscard]] scope& current_scope() const noexcept { return *scope_; }

  /// From here on awaits belong to `inner`, which is not entered yet, inside the current scope.
  void enter(scope& inner, bool shielded = false);
  /// Back to the scope in which `inner` was entered.
  void leave(scope& inner) noexcept;

  /// Has the loop run the chain, which `promise_base::begin` has set up, in its next turn.
  void start() noexcept;

  /// Runs the chain until it waits for an operation or is done. Only from the loop, never from inside a coroutine.
  void resume(std::coroutine_handle<> with) noexcept;

  /// Since when it waits for its operation: the engine's coarse time at which it was suspended. 0 while it runs.
  [[nodiscard]] std::int64_t waits_since() const noexcept;

  /// For an operation that ends without having waited: counts it. True: `self` is to be suspended all the same, and
  /// goes on in the next turn, since the budget is spent.
  bool completed_at_once(std::coroutine_handle<> self, int steps = loop_core::operation_cost) noexcept {
    if (loop_->spend(steps)) [[likely]]
      return false;
    to_resume_ = self;
    return true;
  }

  /// The chain's last task has ended; its frame is still there.
  virtual void finished() noexcept = 0;

 protected:
  /// Destroys the tasks of the chain, but for the outermost, which the derived class owns, and the branches that they
  /// have begun, from the innermost outwards. For the destructors of derived classes. Without recursion: chains and
  /// trees may be deep.
  void drop_tasks() noexcept {
    if (innermost_) [[unlikely]]
      drop_chain();
  }

 private:
  /// The scope in which it began.
  [[nodiscard]] virtual scope const& outermost_scope() const noexcept = 0;
  /// A branch that another's task has begun: deletes itself.
  virtual void drop() noexcept = 0;
  void drop_chain() noexcept;
  [[nodiscard]] branch* any_inside() const noexcept;
  friend class scope;
  friend class task_dump;
  void run_work() noexcept final { resume(to_resume_); }
  void resume_watched(std::coroutine_handle<> with) noexcept;
  void suspended() noexcept;
  promise_base* parent_;
};

/// The base of every awaiter that waits for something outside the task tree. Lives in the awaiting coroutine's frame.
class STRAIT_API operation : public work {
 public:
  /// Fetches what `resume` will use, while something else is done.
  void prefetch() const noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(coroutine_.address());
    // Reckoned with integers, since a pointer may be null here: not every operation has a coroutine.
    __builtin_prefetch(reinterpret_cast<void const*>(reinterpret_cast<std::uintptr_t>(coroutine_.address()) + 64));
    __builtin_prefetch(branch_);
#endif
  }

  /// Asks for an early end: `resume_soon` (or `resume`) follows, from elsewhere. Called at most once per wait.
  virtual void cancel() noexcept = 0;

 protected:
  operation() = default;
  ~operation() {
    if (branch_) abandon();
  }

  [[nodiscard]] bool is_waiting() const noexcept { return branch_ != nullptr; }
  [[nodiscard]] branch& waiting_branch() const noexcept { return *branch_; }

  /// The coroutine is suspended and `where` waits for this operation.
  void suspend(branch& where, std::coroutine_handle<> coroutine) noexcept {
    branch_ = &where;
    coroutine_ = coroutine;
    where.waiting_ = this;
  }
  /// The wait is over: goes on with the coroutine now. Only from the loop, never from inside another coroutine.
  void resume() noexcept {
    branch* const where = branch_;
    branch_ = nullptr;
    where->waiting_ = nullptr;
    where->resume(coroutine_);
  }
  /// The wait is over: goes on with the coroutine in the loop's next turn. Nothing cancels it any more.
  void resume_soon() noexcept;

  /// By default a queued operation is one that resumes.
  void run_work() noexcept override { resume(); }

 private:
  void abandon() noexcept;
  branch* branch_ = nullptr;
  std::coroutine_handle<> coroutine_;
};

/// Runs `item` in the next turn of `loop`. Only on the loop's thread.
STRAIT_API void run_soon(loop_core& loop, work& item) noexcept;
/// Takes back what `run_soon` was given, if it has not run.
STRAIT_API void forget(loop_core& loop, work& item) noexcept;

/// The awaiter of an operation that is a variable of the awaiting coroutine.
template <class Operation>
class awaiter_reference {
 public:
  explicit awaiter_reference(Operation& to) noexcept : to_(to) {}
  [[nodiscard]] bool await_ready() const noexcept { return to_.await_ready(); }
  template <class P>
  auto await_suspend(std::coroutine_handle<P> self) const {
    return to_.await_suspend(self);
  }
  decltype(auto) await_resume() const { return to_.await_resume(); }

 private:
  Operation& to_;
};

/// `branch& b = co_await this_branch{}`. Completes at once, canceled or not.
class this_branch {
 public:
  using await_result = branch&;
  this_branch operator co_await() const noexcept { return {}; }
  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    branch_ = &self.promise().current_branch();
    return false;
  }
  branch& await_resume() const noexcept { return *branch_; }

 private:
  branch* branch_ = nullptr;
};

}  // namespace strait::detail
