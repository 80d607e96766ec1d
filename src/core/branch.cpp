// Branches, scopes and operations: the mechanics of the task tree.
#include "strait/core/detail/branch.hpp"

#include <cassert>
#include <stdexcept>
#include <utility>

#include "core/loop.hpp"
#include "core/task_location.hpp"
#include "strait/core/task.hpp"

namespace strait::detail {

// Without NDEBUG, queueing an item twice fails an assertion. For that, every queued item has a non-null link: the last
// item of a queue links to itself. Only this file reads links, so a program may be compiled with NDEBUG and the library
// without it, or the other way round.
#if defined(NDEBUG)
constexpr bool marks_queued_items = false;
#else
constexpr bool marks_queued_items = true;
#endif

inline work* work_queue::after(work const& item) noexcept {
  return marks_queued_items && item.next_ == &item ? nullptr : item.next_;
}

inline void work_queue::link(work& item, work* next) noexcept {
  item.next_ = marks_queued_items && !next ? &item : next;
}

inline void work_queue::unlink(work& item) noexcept {
  if constexpr (marks_queued_items) item.next_ = nullptr;
}

void work_queue::push(work& item) noexcept {
  assert((!marks_queued_items || !item.next_) && "this work item is already queued");
  link(item, nullptr);
  (tail_ ? tail_->next_ : head_) = &item;
  tail_ = &item;
}

work* work_queue::pop() noexcept {
  work* const first = head_;
  if (!first) return nullptr;
  head_ = after(*first);
  if (!head_) tail_ = nullptr;
  unlink(*first);
  return first;
}

void work_queue::append(work_queue& other) noexcept {
  if (other.empty()) return;
  (tail_ ? tail_->next_ : head_) = other.head_;
  tail_ = other.tail_;
  other.head_ = other.tail_ = nullptr;
}

void work_queue::remove(work& item) noexcept {
  work* previous = nullptr;
  for (work* each = head_; each; previous = each, each = after(*each)) {
    if (each != &item) continue;
    if (previous) link(*previous, after(item));
    else head_ = after(item);
    if (tail_ == &item) tail_ = previous;
    unlink(item);
    return;
  }
}

// Walks the tree without recursion, because it may be deep.
void scope::cancel() noexcept {
  inherited_ = false;
  if (canceled_) return;
  cancel_waits();
  scope* at = this;
  scope* below = children_.front();
  for (;;) {
    while (below && (below->shielded_ || below->canceled_)) below = at->children_.next(*below);
    if (below) {
      below->inherited_ = true;
      below->cancel_waits();
      at = below;
      below = at->children_.front();
    } else {
      if (at == this) return;
      below = at->parent_->children_.next(*at);
      at = at->parent_;
    }
  }
}

void scope::cancel_waits() noexcept {
  canceled_ = true;
  for (branch* each = branches_.front(); each; each = branches_.next(*each))
    if (operation* const waiting = std::exchange(each->waiting_, nullptr)) waiting->cancel();
}

branch::branch(loop_core& loop, scope& where, promise_base* parent) noexcept
    : branch_state(loop, where), parent_(parent) {
  scope_->branches_.push_back(*this);
  loop_of(loop).branches().push_back(*this);
}

branch::~branch() {
  if (innermost_) forget(*loop_, *this);
}

void branch::enter(scope& inner, bool shielded) {
  if (inner.parent_) throw std::logic_error("strait: this cancel_scope is already running a block");
  inner.parent_ = scope_;
  inner.shielded_ = shielded;
  if (scope_->canceled_ && !shielded && !inner.canceled_) inner.canceled_ = inner.inherited_ = true;
  scope_->children_.push_back(inner);
  scope_ = &inner;
  scope_->branches_.push_back(*this);
}

void branch::leave(scope& inner) noexcept {
  scope_ = inner.parent_;
  inner.parent_ = nullptr;
  if (std::exchange(inner.inherited_, false)) inner.canceled_ = false;
  inner.list_hook<scope>::unlink();
  scope_->branches_.push_back(*this);
}

// The frame of each task holds the awaiter that owns the next task, and the frame of a group owns its children, so
// destroying the outermost frame first would recurse.
void branch::drop_chain() noexcept {
  for (branch* at = this;;) {
    if (branch* const inside = at->any_inside()) {
      at = inside;
    } else if (promise_base* const inner = at->innermost_; inner->awaiter_) {
      at->innermost_ = inner->outer_;
      inner->awaiter_->destroy();
    } else if (at == this) {
      return;
    } else {
      branch& outer = at->parent_->current_branch();
      at->drop();
      at = &outer;
    }
  }
}

// Returns a branch that a task of this branch has started in the current scope, directly or through another branch;
// null if there is none.
branch* branch::any_inside() const noexcept {
  scope const* where = scope_;
  if (where == &outermost_scope()) return nullptr;
  while (scope const* const inner = where->children_.front()) where = inner;
  for (branch* each = where->branches_.front(); each; each = where->branches_.next(*each))
    if (each != this) return each;
  return nullptr;
}

void branch::start() noexcept { run_soon(*loop_, *this); }

// The clock is read once per resume, here, when the branch suspends: time spent computing does not count as waiting.
inline void branch::suspended() noexcept {
  std::int64_t const now = loop_of(*loop_).engine().coarse_now();
  for (promise_base* each = innermost_; each && each->since_ == 0; each = each->outer_) each->since_ = now;
}

std::int64_t branch::waits_since() const noexcept { return innermost_->since_; }

void branch::resume(std::coroutine_handle<> with) noexcept {
  loop& on = loop_of(*loop_);
  if (on.is_watched.load(std::memory_order_relaxed)) [[unlikely]]
    return resume_watched(with);
  on.refresh_budget();
  for (;;) {
    to_resume_ = nullptr;
    with.resume();
    with = to_resume_;
    if (!with) break;
    if (!on.spend(1)) [[unlikely]] {
      start();
      break;
    }
  }
  if (innermost_) suspended();
  else finished();
}

// Like `resume`, and records the position from which the branch resumed, for the stall detector.
void branch::resume_watched(std::coroutine_handle<> with) noexcept {
  loop_of(*loop_).refresh_budget();
  loop_activity& activity = loop_of(*loop_).activity();
  activity.begin(innermost_->where_, innermost_->has_awaited());
  for (;;) {
    to_resume_ = nullptr;
    with.resume();
    with = to_resume_;
    if (!with) break;
    if (!loop_->spend(1)) {
      start();
      break;
    }
    activity.go_on(innermost_->where_, innermost_->has_awaited());
  }
  std::source_location waits_at;
  for (promise_base const* each = innermost_; each; each = each->outer_) {
    waits_at = each->where_;
    if (!activity.is_reported() || !is_ours(waits_at)) break;
  }
  if (innermost_) suspended();
  else finished();
  activity.end(waits_at);
}

void throw_consumed() {
  throw std::logic_error("strait: this task has already been consumed (awaited, spawned, run or moved from)");
}

void operation::resume_soon() noexcept {
  branch_->waiting_ = nullptr;
  run_soon(branch_->core(), *this);
}

void operation::abandon() noexcept {
  if (branch_->waiting_ == this) branch_->waiting_ = nullptr;
  forget(branch_->core(), *this);
}

}  // namespace strait::detail
