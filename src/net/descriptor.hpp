// Socket descriptors: creation, names, options.
#pragma once

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "strait/base/error.hpp"
#include "strait/net/detail/socket_address.hpp"
#include "strait/net/endpoint.hpp"
#include "strait/net/local_endpoint.hpp"

namespace strait::detail {

/// Owns a file descriptor.
class unique_descriptor {
 public:
  explicit unique_descriptor(int descriptor = -1) noexcept : value_(descriptor) {}
  unique_descriptor(unique_descriptor&& other) noexcept : value_(other.release()) {}
  unique_descriptor& operator=(unique_descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~unique_descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int get() const noexcept { return value_; }
  [[nodiscard]] int release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_;
};

/// An `error` with the system's `code` (an errno).
[[nodiscard]] error system_failure(int code, std::string_view context, std::size_t transferred = 0);

/// A non-blocking socket. Throws with `context`.
[[nodiscard]] unique_descriptor open_socket(int family, int type, std::string_view context);
/// The address family of `like`.
[[nodiscard]] inline int family_of(endpoint const& like) noexcept { return like.is_v4() ? AF_INET : AF_INET6; }

/// These throw with `context`, which describes the purpose.
void set_option(int descriptor, int level, int name, int value, std::string_view context);
[[nodiscard]] int get_option(int descriptor, int level, int name, std::string_view context);
void set_non_blocking(int descriptor, std::string_view context);

/// Parses `text`. Errors begin with `operation`.
template <class Endpoint>
[[nodiscard]] Endpoint parse_for(std::string_view operation, std::string_view text) {
  try {
    return Endpoint::parse(text);
  } catch (error const& e) {
    throw error(e.code(), operation, e.what());
  }
}

// The system calls of these names. Return 0 or an errno.
template <class Endpoint>
[[nodiscard]] int bind_to(int descriptor, Endpoint const& where) noexcept {
  socket_address<Endpoint> const address(where);
  return ::bind(descriptor, reinterpret_cast<sockaddr const*>(address.bytes), address.size) == 0 ? 0 : errno;
}
template <class Endpoint>
[[nodiscard]] int connect_to(int descriptor, Endpoint const& peer) noexcept {
  socket_address<Endpoint> const address(peer);
  return ::connect(descriptor, reinterpret_cast<sockaddr const*>(address.bytes), address.size) == 0 ? 0 : errno;
}

/// A sockaddr of any family.
struct socket_name {
  sockaddr_storage address{};
  socklen_t size = sizeof address;

  template <class Endpoint>
  [[nodiscard]] Endpoint as() const noexcept {
    return Endpoint::from_sockaddr(&address, size);
  }
};

[[nodiscard]] socket_name local_name_of(int descriptor, std::string_view context);
/// Throws with `context` if there is no peer.
[[nodiscard]] socket_name remote_name_of(int descriptor, std::string_view context);
[[nodiscard]] endpoint local_endpoint_of(int descriptor);
/// Whether the socket is connected to itself. This happens if it connects to a port of this host without a listener and
/// the kernel chooses the same port for it: a simultaneous open (RFC 9293, section 3.5, figure 7).
[[nodiscard]] bool is_connected_to_itself(int descriptor, std::uint16_t port) noexcept;

/// An address for messages: "127.0.0.1:5000", "/run/service.sock".
[[nodiscard]] std::string name_of(void const* address, std::size_t size);

}  // namespace strait::detail
