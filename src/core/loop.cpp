// The loop: turns, posted work and deadlines.
#include "core/loop.hpp"

#include <stdexcept>
#include <utility>

#include "core/running_loops.hpp"

namespace strait {
namespace detail {

loop::loop(event_loop& handle) : handle_(handle), engine_(engine::make_engine(*this)) { refresh_budget(); }

// Destructors may post, too: those of posted functions, of tasks that `async_run` started, and of handlers still queued
// in Asio. So the queue is emptied after each step.
loop::~loop() {
  is_ending_ = true;
  drop_work();
  while (loop_user* const each = users_.front()) {
    each->unlink();
    each->loop_ended();
  }
  drop_work();
  delete engine_.get();  // not reset(): during its destruction, destructors may still ask the engine for the time
  static_cast<void>(engine_.release());
  drop_work();
}

void loop::drop_work() noexcept {
  for (;;) {
    take_posted();
    work* const item = ready_.pop();
    if (!item) return;
    item->drop_work();
  }
}

void loop::run(main_branch& first) {
  if (main_) throw std::logic_error("strait: event_loop::run was called inside a task of the same loop");
  main_ = &first;
  first.start();
  {
    running_loops::membership const member(*this);
    engine_->run();
  }
  main_ = nullptr;
  run_number_.fetch_add(1, std::memory_order_relaxed);
}

void loop::request_cancel() noexcept {
  {
    std::lock_guard const lock(posted_mutex_);
    cancel_.run_number = run_number();
    if (!std::exchange(cancel_.is_posted, true)) posted_.push(cancel_);
  }
  request_turn();
}

void loop::cancel_request::run_work() noexcept {
  std::unique_lock lock(of_.posted_mutex_);
  is_posted = false;
  bool const is_of_this_run = run_number == of_.run_number();
  lock.unlock();
  if (is_of_this_run) of_.main_->cancel();
}

void loop::request_turn() noexcept {
  if (!is_ending_) engine_->request_turn();
}

void loop::ready(work& item) noexcept {
  if (ready_.empty()) request_turn();
  ready_.push(item);
}

void loop::forget(work& item) noexcept {
  ready_.remove(item);
  running_.remove(item);
  std::lock_guard const lock(posted_mutex_);
  posted_.remove(item);
}

void loop::post(work& item) noexcept {
  {
    std::lock_guard const lock(posted_mutex_);
    posted_.push(item);
  }
  request_turn();
}

void loop::take_posted() noexcept {
  std::lock_guard const lock(posted_mutex_);
  ready_.append(posted_);
}

void loop::turn() noexcept {
  take_posted();
  if (alarm_ != clock::time_point::max()) {
    auto const now_exactly = engine_->now();
    if (alarm_ <= now_exactly) alarm_ = clock::time_point::max();
    timers_.expire(now_exactly);
    set_alarm();
  }
  // Items that become ready meanwhile wait for the next turn, so that sockets are polled in between.
  running_.append(ready_);
  while (work* item = running_.pop()) {
    if (is_watched.load(std::memory_order_relaxed)) [[unlikely]]
      run_watched(*item);
    else item->run_work();
  }
  if (!ready_.empty()) request_turn();
}

// If `item` resumes a branch, the branch records its own position (branch::resume_watched).
void loop::run_watched(work& item) noexcept {
  activity_.begin({}, true);
  item.run_work();
  activity_.end({});
}

void loop::add_timer(timer& item, clock::time_point when) noexcept {
  timers_.insert(item, *this, when);
  set_alarm();
}

// The alarm is only ever moved to an earlier time. An alarm that fires too early finds nothing due and sets the next
// one. So a deadline that is set and cleared with every operation costs one system call per its duration, not per
// operation.
void loop::set_alarm() noexcept {
  if (timers_.empty() || timers_.earliest() >= alarm_) return;
  alarm_ = timers_.earliest();
  engine_->set_alarm(alarm_);
}

void timer::set(loop_core& loop, clock::time_point when) noexcept { loop_of(loop).add_timer(*this, when); }

void timer::reset() noexcept {
  if (loop_) loop_of(*loop_).remove_timer(*this);
}

void run_soon(loop_core& loop, work& item) noexcept { loop_of(loop).ready(item); }
void forget(loop_core& loop, work& item) noexcept { loop_of(loop).forget(item); }

loop& loop_of(event_loop const& loop) noexcept { return *loop.loop_; }

main_branch::main_branch(loop& on, promise_base& first, std::coroutine_handle<> coroutine) noexcept
    : branch(on, static_cast<scope&>(*this), nullptr) {
  first.begin(*this, nullptr, coroutine, nullptr);
}

void main_branch::finished() noexcept { loop_of(core()).stop(); }

}  // namespace detail

event_loop::event_loop() : loop_(new detail::loop(*this)) {}
event_loop::~event_loop() { delete loop_; }

void event_loop::run_branch(detail::main_branch& first) { loop_->run(first); }
void event_loop::post_work(detail::work& item) noexcept { loop_->post(item); }
void event_loop::cancel() noexcept { loop_->request_cancel(); }

event_loop& current_loop_operation::await_resume() const noexcept { return detail::loop_of(branch_->core()).handle(); }

}  // namespace strait
