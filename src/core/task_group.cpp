// The children of a task group: how they start, end and are joined.
#include "strait/core/task_group.hpp"

#include <exception>
#include <new>

#include "base/standard_streams.hpp"
#include "strait/base/error.hpp"

namespace strait {

void print_failure(std::exception_ptr failure) noexcept {
  try {
    detail::print_line(describe(failure));
  } catch (std::exception const&) {
    // Out of memory: nothing is printed.
  }
}

class task_group::child final : public detail::branch, public detail::list_hook<child>, public detail::recycled {
 public:
  child(task_group& group, task<> what)
      : branch(group.owner_.core(), group.scope_, group.owner_task_), group_(group), what_(std::move(what)) {
    detail::task_access::promise_of(what_)->begin(*this, nullptr, detail::task_access::handle_of(what_), nullptr);
  }
  ~child() override { drop_tasks(); }
  [[nodiscard]] std::exception_ptr failure() const noexcept {
    return detail::task_access::promise_of(what_)->exception();
  }

 private:
  void finished() noexcept override { group_.child_ended(*this); }
  [[nodiscard]] detail::scope const& outermost_scope() const noexcept override { return group_.scope_; }
  void drop() noexcept override { delete this; }
  task_group& group_;
  task<> what_;
};

task_group::task_group(detail::branch& owner, failure_hook report, void* hook)
    : owner_(owner), owner_task_(owner.innermost_), entry_(owner_, scope_), report_(report), hook_(hook) {}

task_group::~task_group() {
  while (child* const each = children_.front()) delete each;
}

task<> task_group::run(body_call call, void* body, failure_hook report, void* hook) {
  task_group group(co_await detail::this_branch{}, report, hook);
  try {
    co_await call(body, group);
  } catch (...) {
    group.body_failed();
  }
  while (group.size() != 0) {
    join_operation children(group);
    co_await children;
  }
  group.rethrow(!group.body_canceled_ && !group.child_canceled_);
}

void task_group::spawn(task<> what) {
  if (!what) detail::throw_consumed();
  auto* const begun = new child(*this, std::move(what));
  children_.push_back(*begun);
  ++size_;
  begun->start();
}

void task_group::body_failed() noexcept {
  try {
    throw;
  } catch (canceled const&) {
    body_canceled_ = std::current_exception();
    if (!scope_.is_canceled()) canceled_first_ = true;
  } catch (...) {
    keep(std::current_exception());
  }
  scope_.cancel();
}

/// Keeping the first failure needs no memory. If there is no memory for a later one, it is printed instead.
void task_group::keep(std::exception_ptr failure) noexcept {
  if (!first_failure_) {
    first_failure_ = std::move(failure);
    return;
  }
  try {
    more_failures_.push_back(failure);
  } catch (std::bad_alloc const&) {
    print_failure(std::move(failure));
  }
}

void task_group::child_ended(child& ended) noexcept {
  if (auto failure = ended.failure()) {
    try {
      std::rethrow_exception(failure);
    } catch (canceled const&) {
      child_canceled_ = true;
      if (!report_ && !scope_.is_canceled()) {
        canceled_first_ = true;
        scope_.cancel();
      }
    } catch (...) {
      try {
        if (report_) {
          report_(hook_, failure);
        } else {
          keep(std::move(failure));
          scope_.cancel();
        }
      } catch (...) {
        keep(std::current_exception());
        scope_.cancel();
      }
    }
  }
  delete &ended;
  if (--size_ == 0 && joining_) std::exchange(joining_, nullptr)->last_ended();
}

/// Returns if there is no memory for a `multiple_errors`.
void task_group::throw_all_failures() {
  try {
    more_failures_.insert(more_failures_.begin(), first_failure_);
    throw multiple_errors(more_failures_.data(), more_failures_.size());
  } catch (std::bad_alloc const&) {
    // The caller throws the first failure instead.
  }
}

void task_group::rethrow(bool has_value) {
  bool const canceled_outside = entry_.is_canceled_outside();
  entry_.leave();
  if (!more_failures_.empty()) throw_all_failures();
  if (first_failure_) std::rethrow_exception(first_failure_);
  if (has_value || !(canceled_outside || canceled_first_)) return;
  if (body_canceled_) std::rethrow_exception(body_canceled_);
  throw canceled();
}

}  // namespace strait
