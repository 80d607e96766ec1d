// datagram_serving: what one `serve` of a datagram socket does, in the parts that know nothing of handlers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>

#include "strait/base/buffer.hpp"
#include "strait/base/chrono.hpp"
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

/// Those of a server's options that have nothing to do with its clients' addresses.
struct datagram_limits {
  std::size_t max_handlers;
  std::size_t max_datagram_size;
  std::chrono::nanoseconds handler_timeout;
  std::chrono::nanoseconds drain;
  hook<void()> on_drain;
};

/// From the first datagram to the end of the last handler. Lives in the frame of `serve`.
///
/// Workers, which are tasks, receive a datagram and await its handler, over and over. One of them at a time is the
/// *receiver*. It stays that as long as its handlers end without waiting, so that all goes on in one frame and one
/// buffer. When a handler waits, another worker becomes the receiver; and a worker whose handler ends, when there is a
/// receiver, ends, too. So nobody stands in line for the socket, and there are no more buffers than handlers that wait,
/// and one.
class STRAIT_API datagram_serving : private work {
 public:
  datagram_counts counts;

  [[nodiscard]] bool is_stopping() const noexcept { return is_stopping_; }
  /// A worker cannot go on, for what is being handled.
  void worker_failed() noexcept;

 protected:
  datagram_serving(datagram_server_core& server, branch& where);
  ~datagram_serving();

  virtual void begin_worker() = 0;
  /// Completes when the server is to end, or receiving has failed.
  task<> receive_until_stopped();
  /// Awaits the end of the handlers, and cancels them when their time is over.
  task<> drain();
  /// The result of `serve`: throws what has ended the receiving.
  datagram_statistics finish();

 private:
  template <class, class>
  friend class server_loops;
  friend class datagram_worker;

  /// Sees, in the next turn, whether the receiver's handler still waits.
  class receiver_check final : public work {
   public:
    explicit receiver_check(datagram_serving& of) noexcept : of_(of) {}
    bool is_due = false;

   private:
    void run_work() noexcept override;
    datagram_serving& of_;
  };

  /// Ends the time to drain. (Not a `timeout`, for which there might be no memory.)
  class drain_limit final : public timer {
   public:
    explicit drain_limit(datagram_serving& of) noexcept : of_(of) {}

   private:
    void expired() noexcept override { of_.cancel_handlers(); }
    datagram_serving& of_;
  };

  /// Begins a receiver when there was no memory for one.
  class receiver_retry final : public timer {
   public:
    explicit receiver_retry(datagram_serving& of) noexcept : of_(of) {}

   private:
    void expired() noexcept override {
      if (!of_.receiver_) of_.replace_receiver();
    }
    datagram_serving& of_;
  };

  /// A buffer that is not in use: all that is kept in it is where the next one is.
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
  /// Has `run_work` run. From any thread.
  void wake() noexcept;
  void run_work() noexcept override;

  datagram_server_core& server_;
  datagram_limits const& limits_;
  loop_core& loop_;
  datagram_worker* receiver_ = nullptr;
  bool is_stopping_ = false;
  std::size_t present_ = 0;  // workers
  intrusive_list<datagram_worker> workers_;
  spare_buffer* spare_ = nullptr;
  receiver_check check_{*this};
  receiver_retry retry_{*this};
  event stopped_;
  event empty_;
  std::exception_ptr failure_;
  std::atomic<bool> is_woken_ = false;
};

/// One worker, in the frame of its task. It is protected from a cancel of the server, whose handlers have their time to
/// drain, until the server cancels it itself.
class STRAIT_API datagram_worker : public list_hook<datagram_worker>, private timer {
 public:
  /// Throws `std::bad_alloc`.
  datagram_worker(datagram_serving& of, branch& where);
  ~datagram_worker();

  /// Whether it is to receive another datagram: it is, or becomes, the receiver.
  [[nodiscard]] bool is_wanted() noexcept {
    if (serving_.receiver_ == this && canceled_by_ == cause::none) [[likely]]
      return true;
    return becomes_receiver();
  }
  [[nodiscard]] mutable_buffer buffer() const noexcept { return buffer_; }
  [[nodiscard]] datagram_serving& serving() const noexcept { return serving_; }

  // What it does.
  void receives() noexcept { is_handling_ = false; }
  void received(std::size_t bytes, bool is_truncated) noexcept {
    is_handling_ = true;
    auto& counts = serving_.counts;
    counts.bytes_received.add(bytes);
    counts.received.add(1);
    if (is_truncated) [[unlikely]]
      counts.truncated.add(1);
  }
  /// The system has failed to receive. Gives how long to wait before it is asked again.
  [[nodiscard]] std::chrono::nanoseconds receiving_failed() noexcept;
  void rejected() noexcept { serving_.counts.rejected.add(1); }
  /// The handler waits for something.
  void handler_waits() noexcept;
  /// The handler has ended.
  void served() noexcept {
    if (is_set()) [[unlikely]]
      reset();
    serving_.counts.served.add(1);
  }
  /// It has thrown what is being handled. Gives what is to be reported, if anything.
  [[nodiscard]] std::exception_ptr failed() noexcept;

 private:
  friend class datagram_serving;
  enum class cause : unsigned char { none, deadline, drain };

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
  std::uint64_t received_before_ = 0;  // by all workers, when it failed last
  std::optional<scope> scope_;         // of the handlers, until one is canceled
  std::optional<scoped_entry> entry_;
};

}  // namespace strait::detail
