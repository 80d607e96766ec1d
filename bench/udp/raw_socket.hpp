// Opens, binds and announces the socket of the raw contenders.
#pragma once

#include <cstddef>
#include <string>

#include "raw/socket.hpp"

constexpr std::size_t longest_datagram = 2048;

inline int bind_at(std::string const& endpoint, int flags) {
  auto const address = parse(endpoint);
  int const fd = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0), "socket");
  int const room = 4 << 20;  // the kernel limits this to its maximum
  check(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), "SO_RCVBUF");
  check(bind(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address), "bind");
  announce(fd);
  return fd;
}
