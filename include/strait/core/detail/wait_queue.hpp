// Tasks that wait for each other stand in a line: first come, first served.
#pragma once

#include <coroutine>

#include "strait/base/export.hpp"
#include "strait/core/detail/branch.hpp"
#include "strait/core/detail/intrusive_list.hpp"

namespace strait::detail {

class wait_queue;

/// The base of the awaiters of events, mutexes, semaphores and channels. Lives in the awaiting coroutine's frame.
class STRAIT_API waiter : public operation, public list_hook<waiter> {
 public:
  enum class outcome : unsigned char {
    none,      ///< it stands in line
    served,    ///< it has what it waits for
    canceled,  ///< before it was served
    closed,    ///< what it waits for does not come any more
  };

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return begin(self.promise().current_branch(), self);
  }

 protected:
  explicit waiter(wait_queue& queue) noexcept : queue_(&queue) {}
  ~waiter() = default;

  /// Takes at once what is to be had, without overtaking anybody: `none` if it has to wait.
  virtual outcome take_at_once() noexcept = 0;
  /// It has come out of the line, and is to go on in its loop's next turn.
  virtual void wake() noexcept { resume_soon(); }

  /// False: it has ended, and the coroutine goes on at once.
  bool begin(branch& where, std::coroutine_handle<> self) noexcept;
  /// It has been served, but its coroutine, which does not know yet, is being destroyed.
  [[nodiscard]] bool is_served_unused() const noexcept { return is_waiting() && queue_ && outcome_ == outcome::served; }
  /// Throws `canceled`, or `error(errc::closed, context)`, if that is how it ended.
  void check(char const* context) const {
    if (outcome_ != outcome::served) [[unlikely]]
      fail(context);
  }

  /// The same, where what it was served with is gone with the line.
  void check_with_queue(char const* context) const {
    if (outcome_ != outcome::served || !queue_) [[unlikely]]
      fail(context);
  }

  void cancel() noexcept override;

  wait_queue* queue_;  // null: it is gone
  outcome outcome_ = outcome::none;

 private:
  friend class wait_queue;
  [[noreturn]] void fail(char const* context) const;
};

/// Owns nothing. When it ends, so do those who stand in it, as `closed`.
class STRAIT_API wait_queue {
 public:
  wait_queue() = default;
  wait_queue(wait_queue const&) = delete;
  wait_queue& operator=(wait_queue const&) = delete;
  ~wait_queue() { close(); }

  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  /// Null if nobody waits.
  [[nodiscard]] waiter* front() const noexcept { return waiting_.front(); }

  /// `item`, which stands in it, goes on in its loop's next turn. Nothing cancels it any more.
  void end(waiter& item, waiter::outcome how) noexcept;
  void end_all(waiter::outcome how) noexcept;
  /// Ends who waits as `closed`; who was served and has not gone on yet is told that the line is gone.
  void close() noexcept;

 private:
  friend class waiter;
  intrusive_list<waiter> waiting_;
  intrusive_list<waiter> served_;  // have not gone on yet
};

}  // namespace strait::detail
