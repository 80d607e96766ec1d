// stream_socket: the object behind a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/loop.hpp"
#include "net/stream_limits.hpp"
#include "net/watched_socket.hpp"
#include "strait/net/detail/traffic_meter.hpp"
#include "strait/net/socket_stream.hpp"

namespace strait::detail {

/// A connected socket with the operations that read and write it, its byte counts and its limits.
///
/// The alignment and the order of the base classes place everything that a message touches in one cache line: from the
/// second word of `watched_socket` after its links to the end of this class.
class alignas(64) stream_socket : public stream_limits, public watched_socket {
 public:
  /// Closes the socket; operations in progress end.
  virtual ~stream_socket();

  /// Whether `operation` may begin on `loop` at once; if not, `admit` prepares it or throws.
  [[nodiscard]] bool admits(transfer_awaiter const& operation, loop_core const& loop) noexcept {
    return loop_ == &loop && !users_[way_of(operation)];
  }
  void admit(transfer_awaiter const& operation, loop_core& loop);
  /// `operation` begins to wait.
  void occupy(transfer_awaiter& operation) noexcept {
    users_[way_of(operation)] = &operation;
    if (limits_set_ == 0) return;
    if (limits_set_ != idleness || !is_set()) begin_wait(operation);
  }
  /// `operation` has ended; counts the bytes of its last attempt.
  void vacate(transfer_awaiter& operation) noexcept {
    auto const way = way_of(operation);
    users_[way] = nullptr;
    count(operation);
    if (limits_set_ == 0) return;
    if (limits_set_ != idleness || users_[input] || users_[output]) end_wait(operation);
  }
  /// `operation` completed without waiting.
  void moved_at_once(transfer_awaiter const& operation) noexcept {
    count(operation);
    if (limits_set_ != 0 && (users_[input] || users_[output])) [[unlikely]]
      last_moved_ = now();
  }
  /// Counts bytes that were read outside of an operation.
  void have_read(std::uint64_t bytes) noexcept;
  /// An operation, or a read outside of one, has failed with `code`, an errno.
  void failed(int code) noexcept;
  /// Called when a read returned 0. Returns the errno with which the connection was lost, or 0 if the peer ended the
  /// stream. The kernel reports a reset once, to whichever operation comes first, and then end of stream.
  [[nodiscard]] int failure_at_end() const noexcept;
  /// Unregisters the socket from its loop until its next operation, unless one is in progress.
  void leave_loop() noexcept;
  /// `operation` has transferred a part, and continues.
  void moved_part(transfer_awaiter const& operation) noexcept;

  void limit_idleness(std::int64_t nanoseconds) noexcept;
  void limit_writes(std::int64_t nanoseconds) noexcept;
  void limit_rate(std::uint64_t bytes_per_second, std::int64_t window) noexcept;

  /// Counts in `meter`, until one of the two is destroyed.
  void metered_by(traffic_meter& meter) noexcept;
  void meter_ends() noexcept;
  [[nodiscard]] byte_counts const& counts() const noexcept { return *counts_; }

  /// For messages: "127.0.0.1:5000".
  [[nodiscard]] virtual std::string peer_name() const = 0;

 protected:
  stream_socket() noexcept = default;

 private:
  // The limits that are set; without any, operations only count bytes.
  enum limit_kind : unsigned char { idleness = 1, writes = 2, rate = 4 };

  using watched_socket::loop_;

  static constexpr unsigned input = 0;
  static constexpr unsigned output = 1;
  static unsigned way_of(transfer_awaiter const& operation) noexcept {
    return static_cast<unsigned char>(operation.what_) & 1u;  // shorter than by is_output()
  }
  /// The waiting operation of a direction, unless it has been canceled or has timed out.
  [[nodiscard]] transfer_awaiter* waiting_in(unsigned way) const noexcept {
    return users_[way] && !users_[way]->ends_early() ? users_[way] : nullptr;
  }
  [[nodiscard]] std::int64_t now() const noexcept { return loop_of(*loop_).engine().coarse_now(); }

  void count(transfer_awaiter const& operation) noexcept { counts_->add(way_of(operation), operation.uncounted()); }
  [[nodiscard]] traffic_meter* meter() noexcept {
    return counts_ == &own_counts_ ? nullptr : static_cast<traffic_meter*>(counts_);
  }

  void enable_limit(limit_kind what, bool on) noexcept;
  void limits_changed() noexcept;
  void begin_wait(transfer_awaiter const& operation) noexcept;
  /// Records since when the waiting operations wait.
  void catch_up() noexcept;
  void end_wait(transfer_awaiter const& operation) noexcept;
  void time_out(unsigned way, stream_limit which) noexcept;
  void look_later() noexcept;
  void expired() noexcept override;
  void loop_ended() noexcept override;
  [[nodiscard]] std::string name() const override;

  unsigned char limits_set_ = 0;
  std::uint16_t failure_ = 0;     // the errno with which the connection was lost
  transfer_awaiter* users_[2]{};  // the waiting operations, by direction
  byte_counts own_counts_;
  byte_counts* counts_ = &own_counts_;  // `own_counts_`, or those of its meter
};

// The vtable pointer and the links of `watched_socket` come before it: three words.
static_assert(sizeof(void*) != 8 || (sizeof(stream_limits) + 3 * sizeof(void*)) % 64 == 0);
static_assert(sizeof(void*) != 8 || sizeof(stream_socket) == sizeof(stream_limits) + 3 * sizeof(void*) + 64);

}  // namespace strait::detail
