// Sockets that the process inherited when it was started.
#include "strait/server/inherited_sockets.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "strait/base/error.hpp"

namespace strait {
namespace {

constexpr int first_descriptor = 3;  // SD_LISTEN_FDS_START

std::optional<std::string> take_variable(char const* name) {
  char const* const value = std::getenv(name);
  if (!value) return {};
  std::string text = value;
  ::unsetenv(name);
  return text;
}

int parse_number(char const* variable, std::string const& text) {
  int number = -1;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number < 0)
    throw error(make_error_code(std::errc::invalid_argument), fmt::format("inherit sockets: {}={}", variable, text),
                "not a number");
  return number;
}

int option(int descriptor, int which) noexcept {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, which, &value, &size) == 0 ? value : -1;
}

bool is_ip(int descriptor) noexcept {
  int const domain = option(descriptor, SO_DOMAIN);
  return domain == AF_INET || domain == AF_INET6;
}
bool is_listening_stream(int descriptor) noexcept {
  return option(descriptor, SO_TYPE) == SOCK_STREAM && option(descriptor, SO_ACCEPTCONN) == 1;
}

bool is_tcp_listener(int descriptor) noexcept { return is_ip(descriptor) && is_listening_stream(descriptor); }
bool is_local_listener(int descriptor) noexcept {
  return option(descriptor, SO_DOMAIN) == AF_UNIX && is_listening_stream(descriptor);
}
bool is_udp_socket(int descriptor) noexcept { return is_ip(descriptor) && option(descriptor, SO_TYPE) == SOCK_DGRAM; }

/// Removes the part of `names` up to the next colon and returns it.
std::string next_name(std::string_view& names) {
  auto const end = std::min(names.find(':'), names.size());
  std::string name(names.substr(0, end));
  names.remove_prefix(std::min(end + 1, names.size()));
  return name;
}

}  // namespace

inherited_sockets::inherited_sockets() {
  auto const process = take_variable("LISTEN_PID");
  auto const count = take_variable("LISTEN_FDS");
  auto const names = take_variable("LISTEN_FDNAMES").value_or("");
  // The variables may be meant for the parent process.
  if (!process || !count || parse_number("LISTEN_PID", *process) != ::getpid()) return;

  int const size = parse_number("LISTEN_FDS", *count);
  std::string_view names_left = names;
  for (int i = 0; i != size; ++i) {
    int const descriptor = first_descriptor + i;
    if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
      throw error({errno, std::generic_category()}, fmt::format("inherit descriptor {}", descriptor));
    sockets_.push_back({descriptor, next_name(names_left)});
  }
}

inherited_sockets::~inherited_sockets() {
  for (auto const& each : sockets_) ::close(each.descriptor);
}

template <class Socket>
std::vector<Socket> inherited_sockets::take(bool (*is_kind)(int descriptor), std::string_view name) {
  std::vector<Socket> taken;
  for (auto each = sockets_.begin(); each != sockets_.end();) {
    if (!is_kind(each->descriptor) || (!name.empty() && each->name != name)) {
      ++each;
      continue;
    }
    taken.reserve(taken.size() + 1);
    taken.push_back(Socket(each->descriptor));
    each = sockets_.erase(each);
  }
  return taken;
}

std::vector<tcp::listener> inherited_sockets::tcp_listeners(std::string_view name) {
  return take<tcp::listener>(&is_tcp_listener, name);
}
std::vector<local::listener> inherited_sockets::local_listeners(std::string_view name) {
  return take<local::listener>(&is_local_listener, name);
}
std::vector<udp::socket> inherited_sockets::udp_sockets(std::string_view name) {
  return take<udp::socket>(&is_udp_socket, name);
}

}  // namespace strait
