// serving: the part of `serve` on one loop that does not depend on the type of handler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

#include "strait/base/chrono.hpp"
#include "strait/base/detail/owned.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/detail/branch.hpp"
#include "strait/core/detail/counter.hpp"
#include "strait/core/detail/intrusive_list.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/core/event.hpp"
#include "strait/core/task.hpp"
#include "strait/net/detail/traffic_meter.hpp"
#include "strait/net/socket_listener.hpp"
#include "strait/net/socket_stream.hpp"
#include "strait/server/peer.hpp"
#include "strait/server/serve_options.hpp"
#include "strait/server/server_statistics.hpp"

namespace strait::detail {

class connection;
class server_core;

/// The counters of one loop.
struct serving_counts {
  void add_to(server_statistics& total) const noexcept;

  counter accepted, rejected, served, failed, timed_out, aborted, drained, back_offs;
};

/// One call of `serve`, from the first accept to the end of the last handler. Lives in the frame of `serve`.
class serving : private work {
 public:
  serving(server_core& server, branch& where);
  ~serving();

  [[nodiscard]] serve_options const& options() const noexcept;

  // Admission.
  /// Counts the back-offs of `listener`, which is one of this server's.
  void watch(socket_listener& listener) noexcept;
  /// Decides whether to serve `who`, which has connected, and for which a slot has been reserved if `has_room`. If it
  /// returns false, the slot has been released and the rejection reported; the connection must be closed.
  [[nodiscard]] bool admits(peer const& who, bool has_room) noexcept;
  /// There was no memory for a connection.
  void out_of_memory() noexcept { counts_.back_offs.add(1); }

  // Slots for connections.
  /// Whether there is a free slot, over all loops.
  [[nodiscard]] bool has_room() const noexcept;
  /// Reserves a slot, which an `admission` must own. Returns false if none is free.
  [[nodiscard]] bool take_room() noexcept;
  /// Reserves a slot even beyond the limit.
  void take_room_beyond_limit() noexcept;
  /// While one exists, `room_changes` completes when a slot may have become free.
  class room_watch {
   public:
    explicit room_watch(serving& of) noexcept;
    room_watch(room_watch const&) = delete;
    room_watch& operator=(room_watch const&) = delete;
    ~room_watch();

   private:
    server_core& server_;
  };
  event_wait_operation room_changes() noexcept {
    room_.reset();
    return room_.wait();
  }

  // Shutdown.
  /// Awaits `accepting` until it ends or the server shuts down; records its failure.
  task<> run_until_stopped(task<> accepting);
  /// Waits until the connections have ended, and cancels them when `drain` expires.
  task<> drain();
  /// Cancels the connections, including those that begin later.
  void cut_off() noexcept;
  /// The result of `serve`. Throws the exception that ended the accepting.
  server_statistics finish();

  /// A connection could not be started because of the exception that is being handled.
  void could_not_begin(peer const& who) noexcept;

 private:
  friend class admission;
  friend class connection;
  template <class, class>
  friend class server_loops;

  /// Cancels the connections when `drain` expires. (Not by `timeout`, which allocates.)
  class drain_limit final : public timer {
   public:
    explicit drain_limit(serving& of) noexcept : of_(of) {}

   private:
    void expired() noexcept override { of_.cut_off(); }
    serving& of_;
  };

  /// Schedules `run_work`. May be called from any thread.
  void wake() noexcept;
  void run_work() noexcept override;
  void give_room_back() noexcept;
  void left(peer const& who) noexcept;
  void notify(server_event const& what) const noexcept;
  void report(peer const& who, std::exception_ptr failure) const noexcept;

  void add_to(server_statistics& total) const;

  struct shared_state;  // what other threads use: <atomic> and <mutex> are slow to compile
  owned<shared_state> shared_;
  server_core& server_;
  loop_core& loop_;
  scope accepting_;
  event room_;
  event empty_;
  intrusive_list<connection> connections_;
  std::uint64_t past_received_ = 0;  // by connections that have ended
  std::uint64_t past_sent_ = 0;
  std::size_t present_ = 0;  // the slots reserved on this loop
  serving_counts counts_;
  std::exception_ptr failure_;
  bool is_draining_ = false;
  bool is_out_of_time_ = false;
};

/// The slot of a connection. Move-only.
class admission {
 public:
  /// Takes ownership of a reserved slot.
  admission(serving& by, peer const& who) noexcept : serving_(&by), who_(who) {}
  admission(admission&& other) noexcept : serving_(std::exchange(other.serving_, nullptr)), who_(other.who_) {}
  admission& operator=(admission&&) = delete;
  ~admission() {
    if (serving_) serving_->left(who_);
  }

  [[nodiscard]] serving& by() const noexcept { return *serving_; }
  [[nodiscard]] peer const& who() const noexcept { return who_; }

 private:
  serving* serving_;
  peer who_;
};

/// One connection, in the frame of the task that runs its handler. Cancellation of the server does not reach it, since
/// handlers may continue for `drain`; the server cancels it explicitly.
class connection : public list_hook<connection>, private timer {
 public:
  connection(admission const& of, branch& where);
  ~connection();

  /// Applies the limits of the options to `stream`.
  void begin(socket_stream& stream);
  /// Whether to close the stream with `lingering_close`, so that the last reply reaches the peer.
  [[nodiscard]] bool is_to_linger(socket_stream const& stream) const noexcept;
  /// The handler has ended, with `failure` if that is not null. Returns how long sending its remaining output may take;
  /// the connection time-out no longer applies.
  [[nodiscard]] std::chrono::nanoseconds linger_time_after(std::exception_ptr const& failure) noexcept;
  /// The connection has ended normally.
  void served() noexcept;
  /// The handler has thrown `failure`.
  void failed(std::exception_ptr const& failure) noexcept;

 private:
  friend class serving;
  enum class cause : unsigned char { none, deadline, drain };

  void cancel(cause why) noexcept;
  void expired() noexcept override { cancel(cause::deadline); }
  [[nodiscard]] std::exception_ptr timed_out_failure() const noexcept;
  [[nodiscard]] server_event event_of(server_event::kind what) const noexcept;
  void ended(server_event::kind what, counter& count, std::exception_ptr failure = {}) noexcept;

  serving& serving_;
  peer const& who_;
  traffic_meter traffic_;
  clock::time_point const since_;
  cause canceled_by_ = cause::none;
  scope scope_;
  scoped_entry entry_;
};

}  // namespace strait::detail
