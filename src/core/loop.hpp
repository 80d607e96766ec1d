// loop: the implementation of event_loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/loop_activity.hpp"
#include "core/timer_queue.hpp"
#include "engine/engine.hpp"
#include "strait/core/event_loop.hpp"

namespace strait::detail {

/// An object that uses a loop and may outlive it; it is notified when the loop is destroyed.
class loop_user : public list_hook<loop_user> {
 public:
  virtual void loop_ended() noexcept = 0;

 protected:
  ~loop_user() = default;
};

class loop final : public loop_core, public list_hook<struct running_tag>, private engine::engine::client {
 public:
  explicit loop(event_loop& handle);
  ~loop();

  [[nodiscard]] engine::engine& engine() noexcept { return *engine_; }
  [[nodiscard]] event_loop& handle() noexcept { return handle_; }
  [[nodiscard]] intrusive_list<branch, loop_tag>& branches() noexcept { return branches_; }
  [[nodiscard]] intrusive_list<loop_user>& users() noexcept { return users_; }

  /// Runs until `first` has finished.
  void run(main_branch& first);
  /// Called when the first branch has finished.
  void stop() noexcept { engine_->stop(); }
  /// Cancels the main branch of the current run or, between runs, of the next one. May be called from any thread.
  void request_cancel() noexcept;
  /// The number of the current run or, between runs, of the next one. May be called from any thread.
  [[nodiscard]] unsigned run_number() const noexcept { return run_number_.load(std::memory_order_relaxed); }

  /// Queues `item` for the next turn. Only on the loop's thread.
  void ready(work& item) noexcept override;
  /// Removes `item` from all queues, if it is in one.
  void forget(work& item) noexcept;
  /// Like `ready`, from any thread.
  void post(work& item) noexcept;

  void add_timer(timer& item, clock::time_point when) noexcept;
  void remove_timer(timer& item) noexcept { timers_.remove(item); }

  /// True while a stall detector exists: then `activity` must be kept up to date.
  std::atomic<bool> is_watched = false;
  [[nodiscard]] loop_activity& activity() noexcept { return activity_; }

  /// Called when a branch is about to resume.
  void refresh_budget() noexcept { budget = operations_per_resume * operation_cost; }

 private:
  // A busy connection must not delay the others. A smaller number costs throughput, a larger one fairness.
  static constexpr int operations_per_resume = 32;

  class cancel_request final : public work {
   public:
    explicit cancel_request(loop& of) noexcept : of_(of) {}
    // Both are guarded by `posted_mutex_`.
    bool is_posted = false;
    unsigned run_number = 0;

   private:
    void run_work() noexcept override;
    loop& of_;
  };

  void request_turn() noexcept;
  void drop_work() noexcept;
  void turn() noexcept override;
  void set_alarm() noexcept;
  void take_posted() noexcept;
  void run_watched(work& item) noexcept;

  event_loop& handle_;
  std::unique_ptr<engine::engine> engine_;
  work_queue ready_;
  work_queue running_;  // the items that the current turn runs
  timer_queue timers_;
  clock::time_point alarm_ = clock::time_point::max();
  intrusive_list<branch, loop_tag> branches_;
  intrusive_list<loop_user> users_;
  main_branch* main_ = nullptr;  // null unless `run` is running
  std::atomic<unsigned> run_number_ = 0;

  std::mutex posted_mutex_;
  work_queue posted_;
  cancel_request cancel_{*this};
  bool is_ending_ = false;  // there will be no further turn

  loop_activity activity_;
};

[[nodiscard]] inline loop& loop_of(loop_core& core) noexcept { return static_cast<loop&>(core); }

}  // namespace strait::detail
