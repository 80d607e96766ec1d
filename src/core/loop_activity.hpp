// loop_activity: what a loop is running, for the stall detector.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <source_location>

#include "base/process_wide.hpp"

namespace strait::detail {

/// Written by the loop's thread while the loop is watched; read by the detector's thread.
class loop_activity {
 public:
  // Called on the loop's thread.
  /// A task resumes from its await at `where`, or starts: then `has_awaited` is false and `where` is its function. An
  /// empty `where` means that something other than a task starts.
  void begin(std::source_location where, bool has_awaited) noexcept {
    go_on(where, has_awaited);
    number_.store(++last_, std::memory_order_release);
  }
  /// Another task of the same branch resumes or starts.
  void go_on(std::source_location where, bool has_awaited) noexcept {
    where_.store(where, std::memory_order_relaxed);
    has_awaited_.store(has_awaited, std::memory_order_relaxed);
  }
  /// True if the detector has reported the current activity as a stall.
  [[nodiscard]] bool is_reported() const noexcept { return reported_.load() == last_; }
  /// The activity has ended. If `waits_at` is not empty, the task now waits there.
  void end(std::source_location waits_at) noexcept {
    number_.store(0);
    if (is_reported()) [[unlikely]]
      report_end(waits_at);
  }

  // Called on the detector's thread.
  /// The number of the current activity, which no other activity of this loop has; 0 if the loop is idle.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_.load(std::memory_order_acquire); }
  [[nodiscard]] std::source_location where() const noexcept { return where_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool has_awaited() const noexcept { return has_awaited_.load(std::memory_order_relaxed); }

  /// The detector's data about this loop, guarded by its lock.
  struct observation {
    std::uint64_t number = 0;
    int times = 0;  // how often this number has been seen
    std::chrono::steady_clock::time_point since;
    std::source_location where;  // the position that was reported
    bool has_awaited = false;
  } seen;

  /// Ensures that the current activity is not reported any more, not even its end. Called with the detector's lock
  /// held.
  void ignore() noexcept {
    seen = {};
    reported_.store(0);
    auto now = number_.load();
    number_.compare_exchange_strong(now, 0);  // unless another activity has started
  }
  /// Makes `end` report the activity with this number. Returns false if that activity has already ended.
  [[nodiscard]] bool mark_reported(std::uint64_t number) noexcept {
    reported_.store(number);
    if (number_.load() == number) return true;
    reported_.store(0);
    return false;
  }

 private:
  void report_end(std::source_location waits_at) noexcept;

  std::atomic<std::uint64_t> number_ = 0;
  std::atomic<std::uint64_t> reported_ = 0;
  std::uint64_t last_ = 0;
  std::atomic<std::source_location> where_;
  std::atomic<bool> has_awaited_ = false;
};

/// The interface of the stall detector, of which a process has at most one.
class stall_listener {
 public:
  /// Guards `current()`, its reports, and `seen` of each loop.
  static std::mutex& mutex() { return state().mutex; }
  /// The process's stall detector; null if there is none.
  static stall_listener*& current() { return state().current; }

  /// A stall that was reported has ended. Called with the lock held.
  virtual void stall_ended(loop_activity::observation const& seen, std::source_location waits_at) noexcept = 0;

 protected:
  ~stall_listener() = default;

 private:
  struct process_state {
    std::mutex mutex;
    stall_listener* current = nullptr;
  };
  static process_state& state() { return process_wide<process_state>::instance(); }
};

}  // namespace strait::detail
