// Non-blocking system calls on sockets.
#include "net/descriptor.hpp"

#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <sys/socket.h>

#include "base/standard_streams.hpp"

namespace strait::detail {

error system_failure(int code, std::string_view context, std::size_t transferred) {
  return {{code, std::generic_category()}, context, transferred};
}

unique_descriptor open_socket(int family, int type, std::string_view context) {
  unique_descriptor made(above_standard_streams(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  if (made.get() < 0) throw system_failure(errno, context);
  return made;
}

void set_option(int descriptor, int level, int name, int value, std::string_view context) {
  if (::setsockopt(descriptor, level, name, &value, sizeof value) != 0) throw system_failure(errno, context);
}

int get_option(int descriptor, int level, int name, std::string_view context) {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(descriptor, level, name, &value, &length) != 0) throw system_failure(errno, context);
  return value;
}

void set_non_blocking(int descriptor, std::string_view context) {
  int const flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) throw system_failure(errno, context);
}

socket_name local_name_of(int descriptor, std::string_view context) {
  socket_name name;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&name.address), &name.size) != 0)
    throw system_failure(errno, context);
  return name;
}

socket_name remote_name_of(int descriptor, std::string_view context) {
  socket_name name;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&name.address), &name.size) != 0)
    throw system_failure(errno, context);
  return name;
}

endpoint local_endpoint_of(int descriptor) { return local_name_of(descriptor, "local endpoint").as<endpoint>(); }

bool is_connected_to_itself(int descriptor, std::uint16_t port) noexcept {
  socket_name here;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&here.address), &here.size) != 0) return false;
  if (here.as<endpoint>().port() != port) return false;
  socket_name peer;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer.address), &peer.size) != 0) return false;
  return here.as<endpoint>() == peer.as<endpoint>();
}

std::string name_of(void const* address, std::size_t size) {
  sa_family_t family = AF_UNSPEC;
  if (size >= offsetof(sockaddr, sa_data)) family = static_cast<sockaddr const*>(address)->sa_family;
  return family == AF_UNIX ? local::endpoint::from_sockaddr(address, size).to_string()
                           : endpoint::from_sockaddr(address, size).to_string();
}

}  // namespace strait::detail
