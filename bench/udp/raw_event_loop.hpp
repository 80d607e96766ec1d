// The event loop of the raw contenders that have one: level-triggered epoll, as in a server that has other descriptors,
// too.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>

#include "raw_socket.hpp"

// Calls `ready` with the descriptor whenever it is readable.
template <class Ready>
[[noreturn]] void run_event_loop(int fd, Ready ready) {
  int const epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  std::array<epoll_event, 64> events;
  for (;;) {
    int const count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) ready(events[static_cast<std::size_t>(i)].data.fd);
  }
}
