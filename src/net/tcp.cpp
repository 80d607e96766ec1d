// tcp::stream and tcp::listener: options, life, addresses.
#include "strait/net/tcp.hpp"

#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "net/descriptor.hpp"
#include "net/listener_socket.hpp"
#include "net/stream_socket.hpp"

namespace strait::tcp {

using detail::get_option;
using detail::set_option;
using detail::system_failure;

stream::stream(int descriptor) {
  constexpr auto context = "take over a connection";
  auto const peer = detail::remote_endpoint_of(descriptor, context);
  detail::set_non_blocking(descriptor, context);
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1, context);
  socket_ = new detail::stream_socket(peer);
  socket_->own(descriptor);
}

stream::stream(stream&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
stream& stream::operator=(stream&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::exchange(other.socket_, nullptr);
  }
  return *this;
}
stream::~stream() { close(); }

void stream::close() noexcept { delete std::exchange(socket_, nullptr); }

int stream::open_handle(char const* operation) const {
  if (!socket_) throw error(errc::closed, operation);
  return socket_->native_handle();
}

void stream::shutdown_write() {
  int const descriptor = open_handle("shutdown");
  if (::shutdown(descriptor, SHUT_WR) != 0)
    throw system_failure(errno, fmt::format("shutdown of the stream to {}", socket_->peer()));
}

void stream::idle_timeout(std::chrono::nanoseconds limit) {
  static_cast<void>(open_handle("idle_timeout"));
  constexpr std::int64_t longest = std::int64_t{1} << 61;  // 73 years: no sum of it and the clock overflows
  socket_->set_idle_limit(std::clamp<std::int64_t>(limit.count(), 0, longest));
}

void stream::no_delay(bool on) { set_option(open_handle("no_delay"), IPPROTO_TCP, TCP_NODELAY, on, "no_delay"); }
bool stream::no_delay() const { return get_option(open_handle("no_delay"), IPPROTO_TCP, TCP_NODELAY, "no_delay") != 0; }

void stream::keep_alive(std::chrono::seconds idle, std::chrono::seconds interval, int probes) {
  constexpr auto context = "keep_alive";
  int const descriptor = open_handle(context);
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, idle.count() > 0, context);
  if (idle.count() <= 0) return;
#if defined(TCP_KEEPIDLE)
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(idle.count()), context);
#elif defined(TCP_KEEPALIVE)
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPALIVE, static_cast<int>(idle.count()), context);
#endif
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(interval.count()), context);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, probes, context);
}

void stream::receive_buffer_size(int bytes) {
  set_option(open_handle("receive_buffer_size"), SOL_SOCKET, SO_RCVBUF, bytes, "receive_buffer_size");
}
int stream::receive_buffer_size() const {
  return get_option(open_handle("receive_buffer_size"), SOL_SOCKET, SO_RCVBUF, "receive_buffer_size");
}
void stream::send_buffer_size(int bytes) {
  set_option(open_handle("send_buffer_size"), SOL_SOCKET, SO_SNDBUF, bytes, "send_buffer_size");
}
int stream::send_buffer_size() const {
  return get_option(open_handle("send_buffer_size"), SOL_SOCKET, SO_SNDBUF, "send_buffer_size");
}

endpoint stream::local_endpoint() const { return detail::local_endpoint_of(open_handle("local_endpoint")); }
endpoint stream::remote_endpoint() const {
  static_cast<void>(open_handle("remote_endpoint"));
  return socket_->peer();
}

int stream::native_handle() const noexcept { return socket_ ? socket_->native_handle() : -1; }
int stream::release() noexcept {
  int const descriptor = socket_ ? socket_->release() : -1;
  close();
  return descriptor;
}

listener::listener(int descriptor) {
  constexpr auto context = "take over a listener";
  detail::set_non_blocking(descriptor, context);
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1, context);
  socket_ = new detail::listener_socket(detail::local_endpoint_of(descriptor));
  socket_->own(descriptor);
}
listener::listener(listener&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
listener& listener::operator=(listener&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::exchange(other.socket_, nullptr);
  }
  return *this;
}
listener::~listener() { close(); }

void listener::close() noexcept { delete std::exchange(socket_, nullptr); }

std::uint64_t listener::back_offs() const noexcept { return socket_ ? socket_->back_offs_ : 0; }
int listener::native_handle() const noexcept { return socket_ ? socket_->native_handle() : -1; }
endpoint listener::local_endpoint() const {
  if (!socket_) throw error(errc::closed, "local_endpoint");
  return socket_->where();
}

listener listen(endpoint const& where, listen_options options) {
  auto const context = fmt::format("listen on {}", where);
  auto socket = detail::open_tcp(where, context);
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, options.reuse_address, context);
  if (options.reuse_port) set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1, context);
  if (where.is_v6()) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only, context);
  sockaddr_storage address;
  auto const length = static_cast<socklen_t>(where.to_sockaddr(address));
  if (::bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), length) != 0 ||
      ::listen(socket.get(), options.backlog) != 0)
    throw system_failure(errno, context);
  listener made(socket.get());
  static_cast<void>(socket.release());
  return made;
}

listener listen(std::string_view where, listen_options options) {
  std::optional<endpoint> const parsed = endpoint::try_parse(where);
  if (parsed) return listen(*parsed, options);
  try {
    static_cast<void>(endpoint::parse(where));
  } catch (error const& e) {
    throw error(e.code(), "listen", e.what());
  }
  return {};
}

}  // namespace strait::tcp
