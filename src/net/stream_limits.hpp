// stream_limits: the time and rate limits of a stream.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "strait/core/detail/timer.hpp"

namespace strait::detail {

/// The limit that ended a read or a write.
enum class stream_limit : unsigned char { idle, write, rate };

/// The number of bytes in the send queue, which the peer has not acknowledged; negative where the kernel does not
/// report it.
[[nodiscard]] std::int64_t queued_bytes(int descriptor) noexcept;

/// The limits of a stream, and the one timer that checks them. The timer is set for the earliest limit, and is moved
/// only when it expires too early. Times are loop times in nanoseconds; a limit of 0 means none.
class stream_limits : protected timer {
 public:
  /// The text that is added to the error of a read or write that a limit ended, for example " (the peer accepted no
  /// data for 20 s)".
  [[nodiscard]] std::string details(bool of_write) const;

 protected:
  stream_limits() noexcept = default;
  ~stream_limits() = default;

  void limit_rate(std::uint64_t bytes_per_second, std::int64_t window, std::uint64_t received) noexcept;
  void begin_window(std::uint64_t received) noexcept;

  void read_begins(std::int64_t now) noexcept { read_since_ = now; }
  void read_ends(std::int64_t now) noexcept {
    waited_ += now - read_since_;
    read_since_ = now;  // the next read begins to wait now or later
  }
  /// A write begins to wait, or has transferred a part and continues to wait.
  void write_begins(std::int64_t now) noexcept {
    write_since_ = looked_ = now;
    unsent_ = unknown;
  }

  /// A write waits: checks whether the peer has accepted some of the send queue.
  void look_at_queue(int descriptor, std::int64_t now) noexcept;
  /// A read waits: returns whether the peer has sent too little.
  [[nodiscard]] bool is_too_slow(int descriptor, std::int64_t now, std::uint64_t received) noexcept;
  [[nodiscard]] bool is_write_stalled(std::int64_t now) const noexcept {
    return write_limit_ != 0 && now - write_since_ >= write_limit_;
  }
  [[nodiscard]] bool is_idle(std::int64_t now) const noexcept {
    return idle_limit_ != 0 && now - last_moved_ >= idle_limit_;
  }
  /// When the window of a waiting read ends, at the earliest; 0 if no read may wait any more.
  [[nodiscard]] std::int64_t window_ends() const noexcept { return has_verdict_ ? 0 : read_since_ + window_ - waited_; }
  /// The time of the next check, for a stream that is being read, written, or both.
  [[nodiscard]] std::int64_t next_look(bool reads, bool writes) const noexcept;
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  // First the members that every message touches: they share a cache line with the timer.
  std::int64_t last_moved_ = 0;   // in either direction; maintained while there is a limit
  std::int64_t read_since_ = 0;   // when the waiting read began to wait, or the last one ended
  std::int64_t waited_ = 0;       // by completed reads of this window
  std::int64_t write_since_ = 0;  // since when a write waits and nothing has been accepted

  std::int64_t idle_limit_ = 0;
  std::int64_t write_limit_ = 0;
  stream_limit reached_[2]{};  // by the last read and the last write that timed out

 private:
  static constexpr std::int64_t unknown = -1;
  [[nodiscard]] std::int64_t look_interval() const noexcept;

  std::int64_t looked_ = 0;        // when the send queue was checked last
  std::int64_t unsent_ = unknown;  // its length then
  std::uint64_t rate_ = 0;         // bytes per second
  std::int64_t window_ = 0;
  std::uint64_t received_before_ = 0;  // before this window
  std::uint64_t got_ = 0;              // in the window of the verdict, or in the last complete one
  std::uint64_t least_ = 0;            // the minimum of a window
  bool has_verdict_ = false;           // the peer is too slow: no read may wait any more
};

}  // namespace strait::detail
