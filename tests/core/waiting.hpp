// How tests order what happens, without the passing of time.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <strait/core/cancel_scope.hpp>
#include <strait/core/event_loop.hpp>
#include <strait/core/sleep.hpp>
#include <strait/core/task.hpp>
#include <strait/core/task_group.hpp>

#include "sanitized.hpp"

namespace strait::test {

/// Does not complete: it can only be canceled.
inline strait::sleep_operation forever() { return strait::sleep_until(strait::clock::time_point::max()); }

/// Lets all others that can run have `count` turns.
inline strait::task<> turns(int count) {
  while (count-- > 0) co_await strait::yield();
}

/// What happened, in order.
using trace = std::vector<std::string>;

/// In what order a cancel reaches tasks side by side is nobody's business.
inline trace sorted(trace events) {
  std::sort(events.begin(), events.end());
  return events;
}

/// Waits to be canceled, says so, and passes it on.
inline strait::task<> note_cancel(trace& events, std::string name) {
  try {
    co_await forever();
  } catch (strait::canceled const&) {
    events.push_back(name + " canceled");
    throw;
  }
}

/// Runs `block` and cancels it when it waits for the first time. Says whether it was done nevertheless.
template <class Block>
strait::task<bool> run_and_cancel(Block block) {
  strait::cancel_scope scope;
  auto body = [&](strait::task_group& group) -> strait::task<bool> {
    group.spawn([&]() -> strait::task<> {
      co_await strait::yield();
      scope.cancel();
    });
    co_return co_await scope.run(block());
  };
  co_return co_await strait::with_task_group(body);
}

/// Opened by one task, once, for another that waits or will wait.
class gate {
 public:
  strait::task<> opened() { co_await scope_.run(forever()); }
  void open() noexcept { scope_.cancel(); }

 private:
  strait::cancel_scope scope_;
};

/// A task that runs on `loop` beside the one that `loop.run` runs, and that can be dropped at any time, as programs
/// cannot.
template <class T>
class loose_task {
 public:
  loose_task(strait::event_loop& loop, strait::task<T> what) : branch_(strait::detail::loop_of(loop), what) {
    branch_.start();
  }

 private:
  strait::detail::branch_of<T> branch_;
};

/// Counts how many of its kind are alive. One that has been moved from no longer counts.
class counted {
 public:
  explicit counted(int& alive) noexcept : alive_(&alive) { ++*alive_; }
  counted(counted const& other) noexcept : alive_(other.alive_) { ++*alive_; }
  counted(counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
  counted& operator=(counted const&) = delete;
  ~counted() {
    if (alive_) --*alive_;
  }

 private:
  int* alive_;
};

}  // namespace strait::test
