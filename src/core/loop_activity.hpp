// What a loop is busy with, as a stall detector sees it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <source_location>

#include "base/process_wide.hpp"

namespace strait::detail {

/// Written by the loop's thread while the loop is watched, read by the detector's.
class loop_activity {
 public:
  // The loop's thread.
  /// A task goes on, from its await at `where`; if it has not awaited anything yet, that is where its function is.
  /// Empty: something else begins.
  void begin(std::source_location where, bool has_awaited) noexcept {
    go_on(where, has_awaited);
    number_.store(++last_, std::memory_order_release);
  }
  /// Another task of the same branch goes on.
  void go_on(std::source_location where, bool has_awaited) noexcept {
    where_.store(where, std::memory_order_relaxed);
    has_awaited_.store(has_awaited, std::memory_order_relaxed);
  }
  /// What runs has been found to take too long.
  [[nodiscard]] bool is_reported() const noexcept { return reported_.load() == last_; }
  /// It is over. The task now waits at `stands_at`, if that is not empty.
  void end(std::source_location stands_at) noexcept {
    number_.store(0);
    if (is_reported()) [[unlikely]]
      report_end(stands_at);
  }

  // The detector's thread.
  /// What the loop does now: each gets a number of its own; 0 is nothing.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_.load(std::memory_order_acquire); }
  [[nodiscard]] std::source_location where() const noexcept { return where_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool has_awaited() const noexcept { return has_awaited_.load(std::memory_order_relaxed); }

  /// What the detector keeps of this loop, under its lock.
  struct observation {
    std::uint64_t number = 0;
    int times = 0;  // that this number has been seen
    std::chrono::steady_clock::time_point since;
    std::source_location where;  // as it was reported
    bool has_awaited = false;
  } seen;

  /// What the loop does now is not reported any more, neither now nor at its end. Under the detector's lock.
  void disregard() noexcept {
    seen = {};
    reported_.store(0);
    auto now = number_.load();
    number_.compare_exchange_strong(now, 0);  // unless it does something else by now
  }
  /// Has `end` report the activity with this number. False: it has ended.
  [[nodiscard]] bool mark_reported(std::uint64_t number) noexcept {
    reported_.store(number);
    if (number_.load() == number) return true;
    reported_.store(0);
    return false;
  }

 private:
  void report_end(std::source_location stands_at) noexcept;

  std::atomic<std::uint64_t> number_ = 0;
  std::atomic<std::uint64_t> reported_ = 0;
  std::uint64_t last_ = 0;
  std::atomic<std::source_location> where_;
  std::atomic<bool> has_awaited_ = false;
};

/// The stall detector, if there is one.
class stall_listener {
 public:
  /// Guards which one there is, its reports, and what it has seen of each loop.
  static std::mutex& mutex() { return state().mutex; }
  static stall_listener*& the_one() { return state().the_one; }

  /// What a loop was reported for is over. Called under the lock.
  virtual void has_ended(loop_activity::observation const& seen, std::source_location stands_at) noexcept = 0;

 protected:
  ~stall_listener() = default;

 private:
  struct process_state {
    std::mutex mutex;
    stall_listener* the_one = nullptr;
  };
  static process_state& state() { return process_wide<process_state>::instance(); }
};

}  // namespace strait::detail
