// The socket of the raw contenders: opened, bound and announced.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>

constexpr std::size_t longest_datagram = 2048;

inline int check(int result, char const* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

inline int bind_at(std::string const& endpoint, int flags) {
  auto const colon = endpoint.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  if (inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("not an IPv4 address: " + endpoint);

  int const fd = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0), "socket");
  int const room = 4 << 20;  // the system gives as much of it as it allows
  check(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), "SO_RCVBUF");
  check(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");

  socklen_t size = sizeof address;
  check(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}
