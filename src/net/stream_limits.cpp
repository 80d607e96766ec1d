// The limits of a stream: decides whether they are exceeded.
#include "net/stream_limits.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <sys/ioctl.h>

#if defined(__linux__)
#include <linux/sockios.h>
#endif

namespace strait::detail {
namespace {

constexpr double nanoseconds_per_second = 1e9;

double in_seconds(std::int64_t nanoseconds) noexcept {
  return static_cast<double>(nanoseconds) / nanoseconds_per_second;
}

std::uint64_t readable_bytes(int descriptor) noexcept {
  int readable = 0;
  return ::ioctl(descriptor, FIONREAD, &readable) == 0 && readable > 0 ? static_cast<std::uint64_t>(readable) : 0;
}

}  // namespace

std::int64_t queued_bytes([[maybe_unused]] int descriptor) noexcept {
#if defined(SIOCOUTQ)
  int queued = 0;
  if (::ioctl(descriptor, SIOCOUTQ, &queued) == 0) return queued;
#endif
  return -1;
}

void stream_limits::limit_rate(std::uint64_t bytes_per_second, std::int64_t window, std::uint64_t received) noexcept {
  rate_ = bytes_per_second;
  window_ = window;
  double const least = std::ceil(static_cast<double>(rate_) * in_seconds(window_));
  constexpr double most = 9e18;  // representable
  least_ = static_cast<std::uint64_t>(std::min(least, most));
  begin_window(received);
}

void stream_limits::begin_window(std::uint64_t received) noexcept {
  has_verdict_ = false;
  waited_ = 0;
  received_before_ = received;
}

// Bytes that have arrived but were not read, because the loop was busy, count as received.
//
// Once the peer is found too slow, a byte that arrives at that moment does not change the decision: otherwise a peer
// that sends a byte now and then could continue forever.
bool stream_limits::is_too_slow(int descriptor, std::int64_t now, std::uint64_t received) noexcept {
  if (rate_ == 0 || has_verdict_) return has_verdict_;
  if (now < window_ends()) return false;
  got_ = received + readable_bytes(descriptor) - received_before_;
  if (got_ < least_) {
    has_verdict_ = true;
  } else {
    begin_window(received_before_ + got_);
    read_since_ = now;
  }
  return has_verdict_;
}

// The kernel wakes a writer only when there is much room, which a slow peer may not provide within the limit. The
// length of the send queue shows whether the peer accepts anything. Nothing is known about the time before the first
// look, so the limit counts from there.
void stream_limits::look_at_queue(int descriptor, std::int64_t now) noexcept {
  if (now - looked_ < look_interval()) return;
  if (write_limit_ == 0 && looked_ < last_moved_) unsent_ = unknown;  // it may be that of an earlier write
  looked_ = now;
  auto const queued = queued_bytes(descriptor);
  if (queued < 0) return;
  if (unsent_ == unknown || queued < unsent_) write_since_ = last_moved_ = now;
  unsent_ = queued;
}

std::int64_t stream_limits::look_interval() const noexcept {
  auto const shortest = std::min(idle_limit_ != 0 ? idle_limit_ : never, write_limit_ != 0 ? write_limit_ : never);
  return shortest / 8;
}

std::int64_t stream_limits::next_look(bool reads, bool writes) const noexcept {
  auto next = never;
  if (idle_limit_ != 0) next = last_moved_ + idle_limit_;
  if (writes && write_limit_ != 0) next = std::min(next, write_since_ + write_limit_);
  if (writes && (write_limit_ != 0 || idle_limit_ != 0)) next = std::min(next, looked_ + look_interval());
  if (reads && rate_ != 0) next = std::min(next, window_ends());
  return next;
}

std::string stream_limits::details(bool of_write) const {
  switch (reached_[of_write]) {
    case stream_limit::idle: return {};
    case stream_limit::write: return fmt::format(" (the peer accepted no data for {:g} s)", in_seconds(write_limit_));
    case stream_limit::rate:
      return fmt::format(" (received {} bytes in {:g} s; the minimum is {})", got_, in_seconds(window_), least_);
  }
  return {};
}

}  // namespace strait::detail
