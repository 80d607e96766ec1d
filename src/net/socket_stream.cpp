// socket_stream: life, options.
#include "strait/net/socket_stream.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

#include <fmt/format.h>

#include "net/descriptor.hpp"
#include "net/stream_socket.hpp"

namespace strait {

using detail::get_option;
using detail::set_option;

socket_stream::socket_stream(socket_stream&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
socket_stream& socket_stream::operator=(socket_stream&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::exchange(other.socket_, nullptr);
  }
  return *this;
}

void socket_stream::close() noexcept { delete std::exchange(socket_, nullptr); }

int socket_stream::open_handle(char const* operation) const {
  if (!socket_) throw error(errc::closed, operation);
  return socket_->native_handle();
}

void socket_stream::shutdown_write() {
  int const descriptor = open_handle("shutdown");
  if (::shutdown(descriptor, SHUT_WR) != 0)
    throw detail::system_failure(errno, fmt::format("shutdown of the stream to {}", socket_->peer_name()));
}

void socket_stream::idle_timeout(std::chrono::nanoseconds limit) {
  static_cast<void>(open_handle("idle_timeout"));
  constexpr std::int64_t longest = std::int64_t{1} << 61;  // 73 years: no sum of it and the clock overflows
  socket_->set_idle_limit(std::clamp<std::int64_t>(limit.count(), 0, longest));
}

void socket_stream::receive_buffer_size(int bytes) {
  set_option(open_handle("receive_buffer_size"), SOL_SOCKET, SO_RCVBUF, bytes, "receive_buffer_size");
}
int socket_stream::receive_buffer_size() const {
  return get_option(open_handle("receive_buffer_size"), SOL_SOCKET, SO_RCVBUF, "receive_buffer_size");
}
void socket_stream::send_buffer_size(int bytes) {
  set_option(open_handle("send_buffer_size"), SOL_SOCKET, SO_SNDBUF, bytes, "send_buffer_size");
}
int socket_stream::send_buffer_size() const {
  return get_option(open_handle("send_buffer_size"), SOL_SOCKET, SO_SNDBUF, "send_buffer_size");
}

int socket_stream::native_handle() const noexcept { return socket_ ? socket_->native_handle() : -1; }
int socket_stream::release() noexcept {
  int const descriptor = socket_ ? socket_->release() : -1;
  close();
  return descriptor;
}

}  // namespace strait
