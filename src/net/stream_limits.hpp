// stream_limits: how long a stream may wait, and since when it does.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "strait/core/detail/timer.hpp"

namespace strait::detail {

/// What a read or a write has waited for too long for.
enum class stream_limit : unsigned char { idle, write, rate };

/// How many of the bytes that the system has taken the peer's system has not; negative where this one does not tell.
[[nodiscard]] std::int64_t queued_bytes(int descriptor) noexcept;

/// The limits of a stream, and the one timer that looks whether they have been kept. It is set for the earliest of
/// them, and moved only when it turns out to have been too early. Times are those of the loop, in nanoseconds; a limit
/// of 0 is none.
class stream_limits : protected timer {
 public:
  /// What the limit that ended a read or a write adds to the text of its error: " (the peer accepted no data for 20
  /// s)".
  [[nodiscard]] std::string details(bool of_write) const;

 protected:
  stream_limits() noexcept = default;
  ~stream_limits() = default;

  void limit_rate(std::uint64_t bytes_per_second, std::int64_t window, std::uint64_t received) noexcept;
  void begin_window(std::uint64_t received) noexcept;

  void read_begins(std::int64_t now) noexcept { read_since_ = now; }
  void read_ends(std::int64_t now) noexcept { waited_ += now - read_since_; }
  /// A write begins to wait, or has moved something and goes on waiting.
  void write_begins(std::int64_t now) noexcept {
    write_since_ = looked_ = now;
    unsent_ = unknown;
  }

  /// A write waits: looks whether the peer takes something of what the system has already.
  void look_at_queue(int descriptor, std::int64_t now) noexcept;
  /// A read waits, for a peer that has sent too little.
  [[nodiscard]] bool is_too_slow(int descriptor, std::int64_t now, std::uint64_t received) noexcept;
  [[nodiscard]] bool writes_in_vain(std::int64_t now) const noexcept {
    return write_limit_ != 0 && now - write_since_ >= write_limit_;
  }
  [[nodiscard]] bool is_idle(std::int64_t now) const noexcept {
    return idle_limit_ != 0 && now - last_moved_ >= idle_limit_;
  }
  /// A read waits, and has come to the end of the window; or is not to wait any more.
  [[nodiscard]] std::int64_t window_ends() const noexcept { return has_verdict_ ? 0 : read_since_ + window_ - waited_; }
  /// When the limits are to be looked at, of a stream that is read or written, or both.
  [[nodiscard]] std::int64_t next_look(bool reads, bool writes) const noexcept;
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  // First what a message touches: it shares a cache line with the timer.
  std::int64_t last_moved_ = 0;   // in either direction; kept while there is a limit
  std::int64_t read_since_ = 0;   // a read waits
  std::int64_t waited_ = 0;       // reads of this window that have ended
  std::int64_t write_since_ = 0;  // a write waits, and nothing has been taken

  std::int64_t idle_limit_ = 0;
  std::int64_t write_limit_ = 0;
  stream_limit reached_[2]{};  // by the last read and write that have timed out

 private:
  static constexpr std::int64_t unknown = -1;
  [[nodiscard]] std::int64_t look_interval() const noexcept;

  std::int64_t looked_ = 0;        // at the queue of what was sent
  std::int64_t unsent_ = unknown;  // how long it was
  std::uint64_t rate_ = 0;         // bytes per second
  std::int64_t window_ = 0;
  std::uint64_t received_before_ = 0;  // this window
  std::uint64_t got_ = 0;              // in the window of the verdict, or of the last one that there was
  std::uint64_t least_ = 0;            // in a window
  bool has_verdict_ = false;           // too little has come: no read is to wait any more
};

}  // namespace strait::detail
