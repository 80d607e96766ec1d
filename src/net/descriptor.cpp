// System calls on sockets that do not wait.
#include "net/descriptor.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>

namespace strait::detail {

error system_failure(int code, std::string_view context, std::size_t transferred) {
  return {{code, std::generic_category()}, context, transferred};
}

unique_descriptor open_tcp(endpoint const& like, std::string_view context) {
  int const family = like.is_v4() ? AF_INET : AF_INET6;
  unique_descriptor made(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
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

endpoint local_endpoint_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw system_failure(errno, "local endpoint");
  return endpoint::from_sockaddr(reinterpret_cast<sockaddr const*>(&address));
}

endpoint remote_endpoint_of(int descriptor, std::string_view context) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw system_failure(errno, context);
  return endpoint::from_sockaddr(reinterpret_cast<sockaddr const*>(&address));
}

}  // namespace strait::detail
