// datagram_serving: the part of a datagram server's `serve` that does not depend on the type of handler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>

#include "strait/base/buffer.hpp"
#include "strait/base/chrono.hpp"
#include "strait/base/detail/owned.hpp"
#include "strait/base/export.hpp"
#include "strait/base/hook.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/detail/branch.hpp"
#include "strait/core/detail/intrusive_list.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/core/event.hpp"
#include "strait/core/task.hpp"
#include "strait/server/datagram_statistics.hpp"
#include "strait/server/detail/datagram_counts.hpp"

namespace strait::detail {

class datagram_server_core;
class datagram_worker;

/// The options of a server that do not depend on the type of address.
struct datagram_limits {
  std::size_t max_handlers;
  std::size_t max_datagram_size;
  std::chrono::nanoseconds handler_timeout;
  std::chrono::nanoseconds drain;
  hook<void()> on_drain;
};

/// One call of `serve`, from the first datagram to the end of the last handler. Lives in the frame of `serve`.
///
/// Workers are tasks that receive a datagram and await its handler in a loop. One of them at a time is the *receiver*.
/// It remains the receiver as long as its handlers end without waiting, so that everything happens in one frame and one
/// buffer. When a handler waits, another worker becomes the receiver; and a worker whose handler ends while there is a
/// receiver ends, too. So workers never queue for the socket, and there is at most one buffer more than there are
/// waiting handlers.
class STRAIT_API datagram_serving : private work {
 public:
  datagram_counts counts;

  [[nodiscard]] bool is_stopping() const noexcept { return is_stopping_; }
  /// A worker cannot continue because of the exception that is being handled.
  void worker_failed() noexcept;

 protected:
  datagram_serving(datagram_server_core& server, branch& where);
  ~datagram_serving();

  virtual void begin_worker() = 0;
  /// Completes when the server shuts down or receiving has failed.
  task<> receive_until_stopped();
  /// Waits until the handlers have ended, and cancels them when `drain` expires.
  task<> drain();
  /// The result of `serve`. Throws the exception that ended the receiving.
  datagram_statistics finish();

 private:
  template <class, class>
  friend class server_loops;
  friend class datagram_worker;

  /// Checks, in the loop's next turn, whether the receiver's handler still waits.
  class receiver_check final : public work {
   public:
    explicit receiver_check(datagram_serving& of) noexcept : of_(of) {}
    bool is_due = false;

   private:
    void run_work() noexcept override;
    datagram_serving& of_;
  };

  /// Cancels the handlers when `drain` expires. (Not by `timeout`, which allocates.)
  class drain_limit final : public timer {
   public:
    explicit drain_limit(datagram_serving& of) noexcept : of_(of) {}

   private:
    void expired() noexcept override { of_.cancel_handlers(); }
    datagram_serving& of_;
  };

  /// Starts a receiver after memory for one could not be allocated.
  class receiver_retry final : public timer {
   public:
    explicit receiver_retry(datagram_serving& of) noexcept : of_(of) {}

   private:
    void expired() noexcept override {
      if (!of_.receiver_) of_.replace_receiver();
    }
    datagram_serving& of_;
  };

  /// A buffer that is not in use; stores only the link to the next one.
  struct spare_buffer {
    spare_buffer* next;
  };
  [[nodiscard]] mutable_buffer take_buffer();
  void give_back(mutable_buffer buffer) noexcept;
  [[nodiscard]] std::size_t buffer_capacity() const noexcept;

  void receiver_waits() noexcept;
  void replace_receiver() noexcept;
  void replace_receiver_later() noexcept;
  void stop_receiving() noexcept;
  void cancel_handlers() noexcept;
  void add_to(datagram_statistics& total) const noexcept { counts.add_to(total); }
  /// Schedules `run_work`. May be called from any thread.
  void wake() noexcept;
  void run_work() noexcept override;

  struct shared_state;  // what other threads use: <atomic> is slow to compile
  owned<shared_state> shared_;
  datagram_server_core& server_;
  datagram_limits const& limits_;
  loop_core& loop_;
  datagram_worker* receiver_ = nullptr;
  bool is_stopping_ = false;
  std::size_t present_ = 0;  // the number of workers
  intrusive_list<datagram_worker> workers_;
  spare_buffer* spare_ = nullptr;
  receiver_check check_{*this};
  receiver_retry retry_{*this};
  event stopped_;
  event empty_;
  std::exception_ptr failure_;
};

/// A worker, in the frame of its task. Cancellation of the server does not reach it, since handlers may continue for
/// `drain`; the server cancels it explicitly.
class STRAIT_API datagram_worker : public list_hook<datagram_worker>, private timer {
 public:
  /// Throws `std::bad_alloc`.
  datagram_worker(datagram_serving& of, branch& where);
  ~datagram_worker();

  /// Whether it should receive another datagram: it is, or becomes, the receiver.
  [[nodiscard]] bool is_wanted() noexcept {
    if (serving_.receiver_ == this && canceled_by_ == cause::none) [[likely]]
      return true;
    return becomes_receiver();
  }
  [[nodiscard]] mutable_buffer buffer() const noexcept { return buffer_; }
  [[nodiscard]] datagram_serving& serving() const noexcept { return serving_; }

  // The steps of a worker.
  void receives() noexcept { is_handling_ = false; }
  void received(std::size_t bytes, bool is_truncated) noexcept {
    is_handling_ = true;
    auto& counts = serving_.counts;
    counts.bytes_received.add(bytes);
    counts.received.add(1);
    if (is_truncated) [[unlikely]]
      counts.truncated.add(1);
  }
  /// Receiving has failed. Returns the time to wait before the next attempt.
  [[nodiscard]] std::chrono::nanoseconds receiving_failed() noexcept;
  void rejected() noexcept { serving_.counts.rejected.add(1); }
  /// The handler waits.
  void handler_waits() noexcept;
  /// The handler has ended.
  void served() noexcept {
    if (is_set()) [[unlikely]]
      reset();
    serving_.counts.served.add(1);
  }
  /// The handler has thrown the exception that is being handled. Returns the exception to report, or null.
  [[nodiscard]] std::exception_ptr failed() noexcept;

 private:
  friend class datagram_serving;
  enum class cause : unsigned char { none, deadline, drain };

  /// The scope in which handlers run.
  struct handler_scope {
    explicit handler_scope(branch& where) : entry(where, inner, true) {}
    scope inner;
    scoped_entry entry;
  };

  bool becomes_receiver() noexcept;
  void stop_receiving() noexcept;
  void cancel(cause why) noexcept;
  void expired() noexcept override { cancel(cause::deadline); }
  [[nodiscard]] std::exception_ptr out_of_time() const noexcept;

  datagram_serving& serving_;
  branch& branch_;
  mutable_buffer const buffer_;
  bool is_handling_ = false;
  cause canceled_by_ = cause::none;
  unsigned failed_in_a_row_ = 0;
  std::uint64_t received_before_ = 0;   // by all workers, at its last failure
  std::optional<handler_scope> scope_;  // replaced when a handler has been canceled
};

}  // namespace strait::detail
