// The common part of the contenders: a sending and a receiving process, and the measurement of the transfer.
#pragma once

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "raw/socket.hpp"

inline double cpu_seconds(int who) {
  rusage used{};
  getrusage(who, &used);
  auto const seconds = [](timeval const& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Two connected sockets with TCP_NODELAY, like strait's.
inline std::pair<int, int> connected_sockets() {
  int const listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  auto address = parse("127.0.0.1:0");
  socklen_t size = sizeof address;
  check(bind(listener, reinterpret_cast<sockaddr const*>(&address), size), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  int const near = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(connect(near, reinterpret_cast<sockaddr const*>(&address), size), "connect");
  int const far = check(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept");
  close(listener);
  int const yes = 1;
  check(setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), "TCP_NODELAY");
  return {near, far};
}

/// Calls `send(socket, file, size)` in a child process and `receive(socket, file, size)` in this one, and prints the
/// measured times as JSON.
template <class Send, class Receive>
int transfer(char const* source, char const* target, Send send, Receive receive) {
  int const from = check(open(source, O_RDONLY | O_CLOEXEC), source);
  struct stat what = {};
  check(fstat(from, &what), source);
  auto const size = static_cast<std::uint64_t>(what.st_size);
  int const to = check(open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), target);
  auto const sockets = connected_sockets();

  auto const begin = std::chrono::steady_clock::now();
  pid_t const sender = check(fork(), "fork");
  if (sender == 0) {
    close(sockets.second);
    send(sockets.first, from, size);
    _exit(0);
  }
  close(sockets.first);
  receive(sockets.second, to, size);
  std::chrono::duration<double> const taken = std::chrono::steady_clock::now() - begin;
  int status = 0;
  check(waitpid(sender, &status, 0), "waitpid");
  check(stat(target, &what), target);
  if (status != 0 || static_cast<std::uint64_t>(what.st_size) != size) return 1;
  std::printf("{\"seconds\": %.6f, \"sender_cpu\": %.6f, \"receiver_cpu\": %.6f, \"bytes\": %llu}\n", taken.count(),
              cpu_seconds(RUSAGE_CHILDREN), cpu_seconds(RUSAGE_SELF), static_cast<unsigned long long>(size));
  return 0;
}
