// Means for tests to control the order of events without waiting for time to pass.
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

/// Never completes; it can only be canceled.
inline strait::sleep_operation forever() { return strait::sleep_until(strait::clock::time_point::max()); }

/// Lets all other ready tasks run for `count` turns.
inline strait::task<> turns(int count) {
  while (count-- > 0) co_await strait::yield();
}

/// The events that a test recorded, in order.
using trace = std::vector<std::string>;

/// For comparison: the order in which a cancel reaches sibling tasks is unspecified.
inline trace sorted(trace events) {
  std::sort(events.begin(), events.end());
  return events;
}

/// Waits to be canceled, records it, and rethrows the exception.
inline strait::task<> note_cancel(trace& events, std::string name) {
  try {
    co_await forever();
  } catch (strait::canceled const&) {
    events.push_back(name + " canceled");
    throw;
  }
}

/// Runs `block` and cancels it when it first waits. Returns whether the block completed nevertheless.
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

/// Opened once by one task, for another one that waits or will wait.
class gate {
 public:
  strait::task<> opened() { co_await scope_.run(forever()); }
  void open() noexcept { scope_.cancel(); }

 private:
  strait::cancel_scope scope_;
};

/// A task that runs on `loop` beside the one that `loop.run` runs. It can be destroyed at any time, which the public
/// interface does not allow.
template <class T>
class background_task {
 public:
  background_task(strait::event_loop& loop, strait::task<T> what) : branch_(strait::detail::loop_of(loop), what) {
    branch_.start();
  }

 private:
  strait::detail::branch_of<T> branch_;
};

/// Counts the living instances. An instance that has been moved from no longer counts.
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
