// serving: what one `serve` does on its loop, in the parts that know nothing of handlers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <utility>

#include "strait/base/chrono.hpp"
#include "strait/base/export.hpp"
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

/// How many connections of one loop have come to what.
struct STRAIT_API serving_counts {
  void add_to(server_statistics& total) const noexcept;

  counter accepted, rejected, served, failed, timed_out, aborted, drained, back_offs;
};

/// From the first accept to the end of the last handler. Lives in the frame of `serve`.
class STRAIT_API serving : private work {
 public:
  serving(server_core& server, branch& where);
  ~serving();

  [[nodiscard]] serve_options const& options() const noexcept;

  // Who is accepted.
  /// `listener` is one of this server's.
  void watch(socket_listener& listener) noexcept;
  /// `who` has connected, and room has been taken for them, or not. False: they are to be left alone, their room has
  /// been given back, and all that must be told of that has been.
  [[nodiscard]] bool admits(peer const& who, bool has_room) noexcept;
  /// There was no memory for who has connected.
  void lacks_memory() noexcept { counts_.back_offs.add(1); }

  // Room.
  /// Whether there is room for another connection, on any loop.
  [[nodiscard]] bool has_room() const noexcept;
  /// Takes it, for an `admission` to hold. False: there is none.
  [[nodiscard]] bool take_room() noexcept;
  /// The same, whatever the limit.
  void take_room_anyway() noexcept;
  /// While one exists, `room_changes` completes when there may be room.
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

  // How it ends.
  /// Awaits `accepting` until it ends or the server is to; keeps its failure.
  task<> run_until_stopped(task<> accepting);
  /// Awaits the end of the connections, and cancels them when their time is over.
  task<> drain();
  /// Cancels the connections, those to come included.
  void cut_off() noexcept;
  /// The result of `serve`: throws what has ended the accepting.
  server_statistics finish();

  /// A connection could not begin, for what is being handled.
  void could_not_begin(peer const& who) noexcept;

 private:
  friend class admission;
  friend class connection;
  template <class, class>
  friend class server_loops;

  /// Ends the time to drain. (Not a `timeout`, for which there might be no memory.)
  class drain_limit final : public timer {
   public:
    explicit drain_limit(serving& of) noexcept : of_(of) {}

   private:
    void expired() noexcept override { of_.cut_off(); }
    serving& of_;
  };

  /// Has `run_work` run. From any thread.
  void wake() noexcept;
  void run_work() noexcept override;
  void give_room_back() noexcept;
  void left(peer const& who) noexcept;
  void tell(server_event const& what) const noexcept;
  void report(peer const& who, std::exception_ptr failure) const noexcept;

  void add_to(server_statistics& total) const;

  server_core& server_;
  loop_core& loop_;
  scope accepting_;
  event room_;
  event empty_;
  mutable std::mutex connections_mutex_;  // other threads read the list, and the bytes of who was in it
  intrusive_list<connection> connections_;
  std::uint64_t past_received_ = 0;  // by connections that have ended
  std::uint64_t past_sent_ = 0;
  std::size_t present_ = 0;  // who have taken room, on this loop
  serving_counts counts_;
  std::exception_ptr failure_;
  bool is_draining_ = false;
  bool is_out_of_time_ = false;
  std::atomic<bool> is_woken_ = false;
};

/// The room that a connection takes. Move-only.
class admission {
 public:
  /// Room has been taken.
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

/// One connection, in the frame of the task that runs its handler: protected from a cancel of the server, until that
/// cancels it itself.
class STRAIT_API connection : public list_hook<connection>, private timer {
 public:
  connection(admission const& of, branch& where);
  ~connection();

  /// Sets the limits.
  void begin(socket_stream& stream);
  /// Whether the stream is to be closed in such a way that what was written last reaches the peer.
  [[nodiscard]] bool is_to_linger(socket_stream const& stream) const noexcept;
  /// The handler has ended, by `failure` if that is not null. How long what it has written may take to reach the peer:
  /// the deadline of the connection does not count any more.
  [[nodiscard]] std::chrono::nanoseconds patience_after(std::exception_ptr const& failure) noexcept;
  /// All is done.
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
