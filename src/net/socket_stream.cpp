// socket_stream: options.
#include "strait/net/socket_stream.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

#include <fmt/format.h>

#include "net/descriptor.hpp"
#include "net/socket_handle.hpp"
#include "net/stream_socket.hpp"

namespace strait {
namespace detail {

template class socket_handle<stream_socket>;
template class data_socket_handle<stream_socket>;

}  // namespace detail

void socket_stream::shutdown_write() {
  int const descriptor = open_handle("shutdown");
  if (::shutdown(descriptor, SHUT_WR) != 0)
    throw detail::system_failure(errno, fmt::format("shutdown of the stream to {}", socket_->peer_name()));
}

void socket_stream::idle_timeout(std::chrono::nanoseconds limit) {
  require_open("idle_timeout");
  constexpr std::int64_t longest = std::int64_t{1} << 61;  // 73 years: no sum of it and the clock overflows
  socket_->set_idle_limit(std::clamp<std::int64_t>(limit.count(), 0, longest));
}

}  // namespace strait
