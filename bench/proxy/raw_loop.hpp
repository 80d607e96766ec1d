// The common part of the proxies on plain epoll: level-triggered, one thread, two descriptors per connection. A
// `Transit` transfers the bytes from one descriptor to the other:
//
//   outcome move(int from, int to)   receives from `from` and sends to `to`; full: `to` did not accept all bytes
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "raw/socket.hpp"

enum class outcome { moved, full, end, broken };

template <class Transit>
class raw_proxy {
 public:
  raw_proxy(std::string const& endpoint, std::string const& upstream)
      : epoll_(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")), upstream_(parse(upstream)) {
    listener_.fd = listen_at(endpoint);
    watch(listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      int const count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto const& event = events[static_cast<std::size_t>(i)];
        auto& one = *static_cast<side*>(event.data.ptr);
        if (&one == &listener_) accept_all();
        else if (one.fd >= 0) serve(one, event.events);
      }
      for (auto* const each : gone_) delete each;
      gone_.clear();
    }
  }

 private:
  struct side {
    int fd = -1;
    side* peer = nullptr;
    Transit transit{};  // for the bytes from this end
    bool is_full = false;
    bool has_ended = false;
    std::uint32_t watched = 0;
  };

  void watch(side& one, std::uint32_t events) {
    if (one.watched == events) return;
    epoll_event event{};
    event.events = events;
    event.data.ptr = &one;
    check(epoll_ctl(epoll_, one.watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, one.fd, &event), "epoll_ctl");
    one.watched = events;
  }
  void watch(side& one) {
    std::uint32_t const in = one.is_full || one.has_ended ? 0U : std::uint32_t{EPOLLIN};
    std::uint32_t const out = one.peer->is_full ? std::uint32_t{EPOLLOUT} : 0U;
    watch(one, in | out | EPOLLERR);  // which is always on; so that it is not 0, which stands for "not yet"
  }

  void accept_all() {
    for (;;) {
      int const fd = accept4(listener_.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      int const other = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
      check(connect(other, reinterpret_cast<sockaddr const*>(&upstream_), sizeof upstream_), "connect");
      check(fcntl(other, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
      auto* const client = new side{fd};
      auto* const server = new side{other, client};
      client->peer = server;
      for (auto* const each : {client, server}) {
        no_delay(each->fd);
        watch(*each);
      }
    }
  }

  void serve(side& one, std::uint32_t events) {
    if (events & EPOLLOUT) pump(*one.peer);
    if (one.fd >= 0 && !one.has_ended && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) pump(one);
  }

  void pump(side& from) {
    auto const what = from.transit.move(from.fd, from.peer->fd);
    if (what == outcome::broken) return close_both(from);
    if (what == outcome::end) {
      from.has_ended = true;
      if (from.peer->has_ended) return close_both(from);
      shutdown(from.peer->fd, SHUT_WR);
    }
    from.is_full = what == outcome::full;
    watch(from);
    watch(*from.peer);
  }

  // Later events of the same batch may still refer to them.
  void close_both(side& one) {
    for (auto* const each : {&one, one.peer}) {
      close(each->fd);
      each->fd = -1;
      gone_.push_back(each);
    }
  }

  int epoll_;
  sockaddr_in upstream_;
  side listener_;
  std::vector<side*> gone_;
};

template <class Transit>
int run_raw_proxy(int argc, char** argv) try {
  signal(SIGPIPE, SIG_IGN);
  if (argc < 3) throw std::runtime_error("usage: PROXY ENDPOINT UPSTREAM");
  raw_proxy<Transit>(argv[1], argv[2]).run();
} catch (std::exception const& error) {
  std::fprintf(stderr, "proxy: %s\n", error.what());
  return EXIT_FAILURE;
}
