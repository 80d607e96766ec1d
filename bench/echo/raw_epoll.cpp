// The echo server on bare epoll, level-triggered, one thread: the yardstick the other contenders are measured against.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

namespace {

struct connection {
  int fd;
  std::vector<char> unsent;  // what the socket would not take yet; while there is any, the connection is not read
};

int check(int result, char const* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

int listen_at(std::string const& endpoint) {
  auto const colon = endpoint.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  if (inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("not an IPv4 address: " + endpoint);

  int const fd = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  int const on = 1;
  check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  check(listen(fd, SOMAXCONN), "listen");

  socklen_t size = sizeof address;
  check(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

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
      int const on = 1;
      check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
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

  // The number of bytes the socket took, 0 if it is full, -1 if the connection is lost.
  static ssize_t send_some(connection const& one, char const* bytes, std::size_t size) {
    auto const sent = send(one.fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    return sent;
  }

  // Safe in the midst of a batch: level-triggered epoll reports a descriptor at most once in it.
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
