// For the raw contenders of all suites: opens and announces sockets without a library.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>

inline int check(int result, char const* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

inline sockaddr_in parse(std::string const& endpoint) {
  auto const colon = endpoint.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  if (inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("not an IPv4 address: " + endpoint);
  return address;
}

// Prints the endpoint of the socket to standard output; with port 0, the kernel has chosen the port.
inline void announce(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  check(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
}

inline int listen_at(std::string const& endpoint) {
  auto const address = parse(endpoint);
  int const fd = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  check(bind(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address), "bind");
  check(listen(fd, SOMAXCONN), "listen");
  announce(fd);
  return fd;
}

inline void no_delay(int fd) {
  int const on = 1;
  check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}
