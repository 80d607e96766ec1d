// Stream sockets: admission of operations, byte counts, and limits.
#include "net/stream_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>

#include "core/loop.hpp"

namespace strait::detail {
namespace {

// The loop's time lags by up to some milliseconds; a deadline is checked when it has certainly passed.
constexpr std::chrono::milliseconds lateness{5};
clock::time_point look_at(std::int64_t time) noexcept {
  return clock::time_point(std::chrono::nanoseconds(time)) + lateness;
}

// Whether an errno means that the connection is lost, rather than that one call failed.
bool ends_connection(int code) noexcept {
  switch (code) {
    case ECONNRESET:
    case ECONNABORTED:
    case ECONNREFUSED:
    case ETIMEDOUT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETRESET:
    case ENETUNREACH: return true;
    default: return false;
  }
}

}  // namespace

// A waiting operation that has transferred bytes, but has not been resumed yet, reports them in spite of the close.
stream_socket::~stream_socket() {
  for (transfer_awaiter* each : users_) {
    if (!each) continue;
    count(*each);
    each->socket_closed();
  }
  if (traffic_meter* const its = meter()) its->stream_ = nullptr;
}

void stream_socket::admit(transfer_awaiter const& operation, loop_core& loop) {
  if (users_[way_of(operation)]) {
    char const* const doing = operation.is_output() ? "write" : "read";
    throw std::logic_error(
        fmt::format("strait: two {0}s at once on {1}: one task at a time may {0} it", doing, name()));
  }
  watch(loop, "call release() on the first loop and construct a new stream from the descriptor on the second");
}

std::string stream_socket::name() const { return fmt::format("the stream with {}", peer_name()); }

void stream_socket::have_read(std::uint64_t bytes) noexcept {
  counts_->add(input, bytes);
  if (users_[output]) last_moved_ = now();
}

void stream_socket::failed(int code) noexcept {
  if (failure_ == 0 && ends_connection(code)) failure_ = static_cast<std::uint16_t>(code);
}

// The operation of the other direction may have received the error, and not have been resumed yet.
int stream_socket::failure_at_end() const noexcept {
  if (failure_ == 0 && users_[output] && ends_connection(users_[output]->error_)) return users_[output]->error_;
  return failure_;
}

void stream_socket::leave_loop() noexcept {
  if (!loop_ || users_[input] || users_[output]) return;
  unlink();
  loop_ended();
}

void stream_socket::loop_ended() noexcept {
  reset();
  watched_socket::loop_ended();
}

void stream_socket::enable_limit(limit_kind what, bool on) noexcept {
  auto const others = limits_set_ & ~what;
  limits_set_ = static_cast<unsigned char>(on ? others | what : others);
}

void stream_socket::limit_idleness(std::int64_t nanoseconds) noexcept {
  idle_limit_ = nanoseconds;
  enable_limit(idleness, nanoseconds != 0);
  if (users_[input] || users_[output]) last_moved_ = now();
  limits_changed();
}

void stream_socket::limit_writes(std::int64_t nanoseconds) noexcept {
  write_limit_ = nanoseconds;
  enable_limit(writes, nanoseconds != 0);
  if (users_[output]) write_begins(now());
  limits_changed();
}

void stream_socket::limit_rate(std::uint64_t bytes_per_second, std::int64_t window) noexcept {
  stream_limits::limit_rate(bytes_per_second, window, counts().received());
  enable_limit(rate, bytes_per_second != 0);
  if (users_[input]) read_begins(now());
  limits_changed();
}

void stream_socket::limits_changed() noexcept {
  reset();
  if (waiting_in(input) || waiting_in(output)) look_later();
}

void stream_socket::moved_part(transfer_awaiter const& operation) noexcept {
  count(operation);
  if (limits_set_ == 0) return;
  last_moved_ = now();
  if (operation.is_output()) write_begins(last_moved_);
}

// If the timer is set early enough, nothing is done here: the branch records since when a read waits (`catch_up`).
void stream_socket::begin_wait(transfer_awaiter const& operation) noexcept {
  if (operation.is_output()) {
    last_moved_ = now();
    write_begins(last_moved_);
  } else {
    bool const is_timed = (limits_set_ & rate) != 0 ? is_set() && when() <= look_at(window_ends())
                                                    : is_set() || (limits_set_ & idleness) == 0;
    if (is_timed) return;
    last_moved_ = now();
    read_begins(last_moved_);
  }
  look_later();
}

void stream_socket::catch_up() noexcept {
  for (transfer_awaiter const* each : users_)
    if (each) last_moved_ = std::max(last_moved_, each->waits_since());
  if (users_[input]) read_begins(std::max(read_since_, users_[input]->waits_since()));
}

void stream_socket::end_wait(transfer_awaiter const& operation) noexcept {
  bool const ends_read = (limits_set_ & rate) != 0 && !operation.is_output();
  if (!ends_read && !users_[input] && !users_[output]) return;
  last_moved_ = now();
  if (!ends_read) return;
  read_begins(std::max(read_since_, operation.waits_since()));
  // The window may have ended while the read waited, and the data may have arrived before the timer expired.
  if (last_moved_ >= window_ends()) static_cast<void>(is_too_slow(native_handle(), last_moved_, counts().received()));
  read_ends(last_moved_);
  if (operation.error_ != 0 && operation.ends_early() && reached_[input] == stream_limit::rate)
    begin_window(counts().received());
}

void stream_socket::look_later() noexcept {
  auto const next = next_look(waiting_in(input), waiting_in(output));
  if (next == never) return;
  if (is_set()) {
    if (when() <= look_at(next)) return;
    reset();
  }
  set(*loop_, look_at(next));
}

void stream_socket::time_out(unsigned way, stream_limit which) noexcept {
  transfer_awaiter* const waiting = waiting_in(way);
  if (!waiting) return;
  reached_[way] = which;
  waiting->time_out();
}

void stream_socket::expired() noexcept {
  auto const time = now();
  catch_up();
  if (waiting_in(output)) look_at_queue(native_handle(), time);
  if (waiting_in(input) && is_too_slow(native_handle(), time, counts().received())) time_out(input, stream_limit::rate);
  if (waiting_in(output) && is_write_stalled(time)) time_out(output, stream_limit::write);
  if (is_idle(time)) {
    time_out(input, stream_limit::idle);
    time_out(output, stream_limit::idle);
  }
  if (waiting_in(input) || waiting_in(output)) look_later();
}

void stream_socket::metered_by(traffic_meter& meter) noexcept {
  meter.take(*counts_);
  counts_ = &meter;
}

void stream_socket::meter_ends() noexcept {
  own_counts_.take(*counts_);
  counts_ = &own_counts_;
}

traffic_meter::~traffic_meter() {
  if (stream_) stream_->meter_ends();
}

}  // namespace strait::detail
