// The echo server on plain epoll, level-triggered, with one thread: the baseline for the other contenders.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "raw/socket.hpp"

namespace {

struct connection {
  int fd;
  std::vector<char> unsent;  // bytes that the socket has not accepted; until they are sent, the connection is not read
};

class server {
 public:
  explicit server(std::string const& endpoint)
      : epoll_(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")), listener_{listen_at(endpoint), {}} {
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      int const count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto& ready = *static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (&ready == &listener_) accept_all();
        else if (!ready.unsent.empty()) flush(ready);
        else echo(ready);
      }
    }
  }

 private:
  void watch(int operation, connection& one, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &one;
    check(epoll_ctl(epoll_, operation, one.fd, &event), "epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      int const fd = accept4(listener_.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      no_delay(fd);
      watch(EPOLL_CTL_ADD, *new connection{fd, {}}, EPOLLIN);
    }
  }

  void echo(connection& one) {
    auto const received = recv(one.fd, buffer_.data(), buffer_.size(), 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) return close_connection(one);

    auto const size = static_cast<std::size_t>(received);
    auto const sent = send_some(one, buffer_.data(), size);
    if (sent < 0) return close_connection(one);
    if (static_cast<std::size_t>(sent) == size) return;
    one.unsent.assign(buffer_.data() + sent, buffer_.data() + size);
    watch(EPOLL_CTL_MOD, one, EPOLLOUT);
  }

  void flush(connection& one) {
    auto const sent = send_some(one, one.unsent.data(), one.unsent.size());
    if (sent < 0) return close_connection(one);
    one.unsent.erase(one.unsent.begin(), one.unsent.begin() + sent);
    if (one.unsent.empty()) watch(EPOLL_CTL_MOD, one, EPOLLIN);
  }

  // Returns the number of bytes that the socket accepted, 0 if it is full, -1 if the connection is lost.
  static ssize_t send_some(connection const& one, char const* bytes, std::size_t size) {
    auto const sent = send(one.fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    return sent;
  }

  // Safe during a batch of events, since level-triggered epoll reports a descriptor at most once per batch.
  static void close_connection(connection& one) {
    close(one.fd);
    delete &one;
  }

  int epoll_;
  connection listener_;
  std::array<char, 8192> buffer_;
};

}  // namespace

int main(int argc, char** argv) try {
  server(argc > 1 ? argv[1] : "127.0.0.1:0").run();
} catch (std::exception const& error) {
  std::fprintf(stderr, "raw_epoll: %s\n", error.what());
  return EXIT_FAILURE;
}
