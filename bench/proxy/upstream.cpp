// The upstream of the proxies: an echo server on plain epoll that transfers large blocks, so that bulk data is not
// split. It runs on the CPU of the load generator.
#include <memory>

#include "raw_loop.hpp"

namespace {

class echo_server {
 public:
  explicit echo_server(std::string const& endpoint)
      : epoll_(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")), listener_{listen_at(endpoint), {}, 0} {
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      int const count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto& one = *static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (&one == &listener_) accept_all();
        else if (!one.unsent.empty()) flush(one);
        else echo(one);
      }
    }
  }

 private:
  struct connection {
    int fd;
    std::vector<char> unsent;  // until it is empty, the connection is not read
    std::size_t sent;          // the number of bytes of `unsent` that have been sent
  };

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
      watch(EPOLL_CTL_ADD, *new connection{fd, {}, 0}, EPOLLIN);
    }
  }

  void echo(connection& one) {
    auto const received = recv(one.fd, buffer_.data(), buffer_.size(), 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) return close_connection(one);
    auto const size = static_cast<std::size_t>(received);
    auto const sent = send_some(one, buffer_.data(), size);
    if (sent == size) return;
    one.unsent.assign(buffer_.data() + sent, buffer_.data() + size);
    one.sent = 0;
    watch(EPOLL_CTL_MOD, one, EPOLLOUT);
  }

  void flush(connection& one) {
    one.sent += send_some(one, one.unsent.data() + one.sent, one.unsent.size() - one.sent);
    if (one.sent < one.unsent.size()) return;
    one.unsent.clear();
    watch(EPOLL_CTL_MOD, one, EPOLLIN);
  }

  // Errors are ignored here: the next recv reports that a connection is lost.
  static std::size_t send_some(connection const& one, char const* bytes, std::size_t size) {
    auto const sent = send(one.fd, bytes, size, MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    return errno == EAGAIN || errno == EINTR ? 0 : size;
  }

  // Safe during a batch of events, since level-triggered epoll reports a descriptor at most once per batch.
  static void close_connection(connection& one) {
    close(one.fd);
    delete &one;
  }

  int epoll_;
  connection listener_;
  std::array<char, 256 * 1024> buffer_;
};

}  // namespace

int main(int argc, char** argv) try {
  auto const server = std::make_unique<echo_server>(argc > 1 ? argv[1] : "127.0.0.1:0");
  server->run();
} catch (std::exception const& error) {
  std::fprintf(stderr, "upstream: %s\n", error.what());
  return EXIT_FAILURE;
}
