// Who may use a stream's socket, and when it has been idle for too long.
#include "net/stream_socket.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "core/loop.hpp"

namespace strait::detail {
namespace {

// The loop's time is up to some milliseconds late; a deadline is looked at when it is past for certain.
constexpr std::chrono::milliseconds lateness{5};

}  // namespace

stream_socket::~stream_socket() {
  for (transfer_awaiter* each : {reader_, writer_})
    if (each) each->socket_closed();
}

void stream_socket::admit(transfer_awaiter const& operation, loop_core& loop) {
  if (place_of(operation)) {
    char const* const doing = operation.is_output() ? "write" : "read";
    throw std::logic_error(
        fmt::format("strait: two {0}s at once on {1}: one task at a time may {0} it", doing, name()));
  }
  watch(loop, "release() it on the first and make a new stream of the descriptor on the other");
}

std::string stream_socket::name() const { return fmt::format("the stream with {}", peer_name()); }

void stream_socket::loop_ended() noexcept {
  deadline_.reset();
  watched_socket::loop_ended();
}

void stream_socket::touch() noexcept {
  if (has_idle_limit_) last_moved_ = loop_of(*loop_).engine().coarse_now();
}

void stream_socket::set_idle_limit(std::int64_t nanoseconds) noexcept {
  idle_limit_ = nanoseconds;
  has_idle_limit_ = nanoseconds != 0;
  deadline_.reset();
  if (!has_idle_limit_ || !(reader_ || writer_)) return;
  touch();
  watch_idleness();
}

void stream_socket::watch_idleness() noexcept {
  deadline_.set(*loop_, clock::time_point(std::chrono::nanoseconds(last_moved_ + idle_limit_)) + lateness);
}

// The one deadline of the connection, which is moved only when it turns out to have been too early.
void stream_socket::check_idleness() noexcept {
  if (!(reader_ || writer_)) return;
  if (loop_of(*loop_).engine().coarse_now() < last_moved_ + idle_limit_) {
    watch_idleness();
    return;
  }
  for (transfer_awaiter* each : {reader_, writer_})
    if (each) each->time_out();
}

}  // namespace strait::detail
