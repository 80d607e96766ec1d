// socket_stream: options, limits, counts.
#include "strait/net/socket_stream.hpp"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "net/descriptor.hpp"
#include "net/socket_handle.hpp"
#include "net/stream_socket.hpp"
#include "strait/net/detail/splice.hpp"
#include "strait/net/detail/stream_end.hpp"
#include "strait/net/detail/traffic_meter.hpp"

namespace strait {
namespace detail {

template class socket_handle<stream_socket>;
template class data_socket_handle<stream_socket>;

void traffic_meter::attach(socket_stream& stream) noexcept {
  stream_ = stream.socket_;
  stream_->metered_by(*this);
}

void splice_access::leave_loop(socket_stream& from) noexcept {
  if (from.socket_) from.socket_->leave_loop();
}

void splice_access::have_read(socket_stream& from, std::uint64_t bytes) noexcept {
  if (from.socket_) from.socket_->have_read(bytes);  // otherwise it has been closed meanwhile
}

void splice_access::failed(socket_stream& from, int code) noexcept {
  if (from.socket_) from.socket_->failed(code);
}

bool is_at_end(socket_stream const& stream) noexcept {
  char byte;
  return ::recv(stream.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

std::int64_t undelivered_bytes(socket_stream const& stream) noexcept {
  pollfd entry{stream.native_handle(), 0, 0};
  bool const is_over = ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP) != 0;
  return is_over ? 0 : std::max<std::int64_t>(queued_bytes(stream.native_handle()), 0);
}

}  // namespace detail

namespace {

std::int64_t in_range(std::chrono::nanoseconds limit, std::int64_t shortest = 0) noexcept {
  constexpr std::int64_t longest = std::int64_t{1} << 61;  // 73 years: added to the clock, it does not overflow
  return std::clamp<std::int64_t>(limit.count(), shortest, longest);
}

}  // namespace

void socket_stream::shutdown_write() {
  int const descriptor = open_handle("shutdown");
  if (::shutdown(descriptor, SHUT_WR) != 0 && errno != ENOTCONN)  // ENOTCONN: the connection is over
    throw detail::system_failure(errno, fmt::format("shut down the stream to {}", socket_->peer_name()));
}

void socket_stream::idle_timeout(std::chrono::nanoseconds limit) {
  require_open("idle_timeout");
  socket_->limit_idleness(in_range(limit));
}

void socket_stream::write_timeout(std::chrono::nanoseconds limit) {
  require_open("write_timeout");
  socket_->limit_writes(in_range(limit));
}

void socket_stream::minimum_receive_rate(std::uint64_t bytes_per_second, std::chrono::nanoseconds window) {
  require_open("minimum_receive_rate");
  constexpr std::int64_t shortest = 10'000'000;  // the coarse clock ticks every few milliseconds
  socket_->limit_rate(bytes_per_second, in_range(window, shortest));
}

std::uint64_t socket_stream::bytes_read() const noexcept { return socket_ ? socket_->counts().received() : 0; }
std::uint64_t socket_stream::bytes_written() const noexcept { return socket_ ? socket_->counts().sent() : 0; }

}  // namespace strait
