// The task tree: scopes, branches, and the operations that branches wait for.
//
// A *branch* is one thread of control: a chain of tasks that await each other, of which the innermost either runs or
// waits for one *operation*. `run`, `task_group::spawn` and similar functions start branches. A *scope* is a unit of
// cancellation: it contains branches and further scopes.
//
// A coroutine is never resumed from inside another one. `branch::resume` runs the chain in a loop (a trampoline): a
// task that starts or ends stores the next coroutine handle in `to_resume_` and returns. So the stack does not grow,
// whether or not the compiler implements tail calls.
//
// Every await that completes without waiting is charged to the loop's budget: operations, including canceled and failed
// ones, by `completed_at_once`; tasks by their steps in that loop. A branch that has spent the budget is queued for the
// next turn, so no sequence of awaits keeps the other branches from running.
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

/// An item that the loop runs in a later turn. Intrusive: it is in at most one queue at a time.
class work {
 public:
  virtual void run_work() noexcept = 0;
  /// Called instead of `run_work` if the loop is destroyed first.
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

/// A first-in, first-out queue. Owns nothing.
class STRAIT_API work_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  void push(work& item) noexcept;
  work* pop() noexcept;
  void append(work_queue& other) noexcept;
  /// Removes `item` if it is in the queue. Linear time.
  void remove(work& item) noexcept;

 private:
  static work* after(work const& item) noexcept;
  static void link(work& item, work* next) noexcept;
  static void unlink(work& item) noexcept;
  work* head_ = nullptr;
  work* tail_ = nullptr;
};

/// A node in the tree of scopes. Canceling a scope cancels everything below it that is not shielded.
class STRAIT_API scope : public list_hook<scope> {
 public:
  scope() noexcept {}
  /// Cancels this scope: ends the current awaits in it and below it, and makes all later awaits there end with
  /// `canceled`.
  void cancel() noexcept;
  [[nodiscard]] bool is_canceled() const noexcept { return canceled_; }

 private:
  friend class branch;
  void cancel_waits() noexcept;
  bool canceled_ = false;
  bool inherited_ = false;  // canceled only because an enclosing scope is, and only while inside that
  bool shielded_ = false;
  scope* parent_ = nullptr;
  intrusive_list<scope> children_;
  intrusive_list<branch, struct scope_tag> branches_;
};

/// The part of a loop that every operation uses. The rest is in src/core/loop.hpp.
class loop_core {
 public:
  /// The remaining budget of the running branch, in task steps: when it is spent, the other branches get a turn.
  int budget = 0;

  /// The number of steps that an operation counts as, because it may cost a system call or an exception.
  static constexpr int operation_cost = 32;
  /// Charges `steps` to the budget. Returns false if the budget is spent.
  bool spend(int steps) noexcept { return (budget -= steps) >= 0; }

 protected:
  loop_core() = default;
  ~loop_core() = default;
};

/// The part of a branch that every operation uses. A separate class, so that it shares a cache line with the members of
/// `work`.
class branch_state {
 public:
  // Written by the promises of the chain.
  std::coroutine_handle<> to_resume_;  ///< the coroutine that `resume` resumes next
  promise_base* innermost_ = nullptr;  ///< the task that runs or waits
  operation* waiting_ = nullptr;       ///< the operation that it is waiting for, if that can be canceled

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
  /// A branch on `loop`, in the scope `where`. `parent` is the task that waits for it; null for the loop's main branch.
  branch(loop_core& loop, scope& where, promise_base* parent) noexcept;
  virtual ~branch();

  [[nodiscard]] loop_core& core() const noexcept { return *loop_; }
  [[nodiscard]] bool is_canceled() const noexcept { return scope_->is_canceled(); }
  [[nodiscard]] scope& current_scope() const noexcept { return *scope_; }

  /// Enters `inner`, inside the current scope: from now on, awaits belong to it. Throws `std::logic_error` if it has
  /// already been entered.
  void enter(scope& inner, bool shielded = false);
  /// Returns to the scope in which `inner` was entered.
  void leave(scope& inner) noexcept;

  /// Queues the chain, which `promise_base::begin` has set up, for the loop's next turn.
  void start() noexcept;

  /// Runs the chain until it waits for an operation or has finished. Called only by the loop, never from inside a
  /// coroutine.
  void resume(std::coroutine_handle<> with) noexcept;

  /// The time at which the branch suspended, by the engine's coarse clock; 0 while it runs.
  [[nodiscard]] std::int64_t waits_since() const noexcept;

  /// Charges an operation that ends without waiting. Returns true if the budget is spent: then `self` must suspend
  /// nevertheless, and resumes in the next turn.
  bool completed_at_once(std::coroutine_handle<> self, int steps = loop_core::operation_cost) noexcept {
    if (loop_->spend(steps)) [[likely]]
      return false;
    to_resume_ = self;
    return true;
  }

  /// Called when the outermost task of the chain has ended. Its frame still exists.
  virtual void finished() noexcept = 0;

 protected:
  /// Destroys the branches that the tasks of the chain have started, and the tasks except for the outermost one, which
  /// the derived class owns; innermost first. For destructors of derived classes. Works without recursion, because
  /// chains and trees may be deep.
  void drop_tasks() noexcept {
    if (innermost_) [[unlikely]]
      drop_chain();
  }

 private:
  /// The scope in which the branch was started.
  [[nodiscard]] virtual scope const& outermost_scope() const noexcept = 0;
  /// Deletes the branch, if it was started by a task of another branch.
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

/// The base of every awaiter that waits for an event outside the task tree. Stored in the frame of the awaiting
/// coroutine.
class STRAIT_API operation : public work {
 public:
  /// Prefetches the memory that `resume` will use.
  void prefetch() const noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(coroutine_.address());
    // Computed with integers, because the address may be null: not every operation has a coroutine.
    __builtin_prefetch(reinterpret_cast<void const*>(reinterpret_cast<std::uintptr_t>(coroutine_.address()) + 64));
    __builtin_prefetch(branch_);
#endif
  }

  /// Requests an early end, after which `resume_soon` or `resume` is called. Called at most once per wait.
  virtual void cancel() noexcept = 0;

 protected:
  operation() = default;
  ~operation() {
    if (branch_) abandon();
  }

  [[nodiscard]] bool is_waiting() const noexcept { return branch_ != nullptr; }
  [[nodiscard]] branch& waiting_branch() const noexcept { return *branch_; }

  /// Records that `coroutine` is suspended and that the branch `where` waits for this operation.
  void suspend(branch& where, std::coroutine_handle<> coroutine) noexcept {
    branch_ = &where;
    coroutine_ = coroutine;
    where.waiting_ = this;
  }
  /// Ends the wait and resumes the coroutine now. Called only by the loop, never from inside another coroutine.
  void resume() noexcept {
    branch* const where = branch_;
    branch_ = nullptr;
    where->waiting_ = nullptr;
    where->resume(coroutine_);
  }
  /// Ends the wait and resumes the coroutine in the loop's next turn. From now on the operation cannot be canceled.
  void resume_soon() noexcept;

  /// By default, running a queued operation resumes its coroutine.
  void run_work() noexcept override { resume(); }

 private:
  void abandon() noexcept;
  branch* branch_ = nullptr;
  std::coroutine_handle<> coroutine_;
};

/// Queues `item` for the next turn of `loop`. Only on the loop's thread.
STRAIT_API void run_soon(loop_core& loop, work& item) noexcept;
/// Removes `item` from the loop's queues, if it is in one.
STRAIT_API void forget(loop_core& loop, work& item) noexcept;

/// The awaiter of an operation that is a local variable of the awaiting coroutine.
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

/// `branch& b = co_await this_branch{}` returns the current branch. Completes immediately, even in a canceled scope.
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
