// The line server on plain epoll, level-triggered, with one thread, recv and memchr: the baseline for the other
// contenders. All lines that one recv has completed are answered with one send.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "raw/socket.hpp"

namespace {

constexpr std::size_t capacity = 16 * 1024;  // no line may be longer

struct connection {
  int fd = -1;
  std::size_t size = 0;      // the beginning of a line, in `buffer`
  std::vector<char> unsent;  // bytes that the socket has not accepted; until they are sent, the connection is not read
  std::array<char, capacity> buffer;
};

class server {
 public:
  explicit server(std::string const& endpoint) : epoll_(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    listener_.fd = listen_at(endpoint);
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
        else receive(ready);
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
      auto* const one = new connection;
      one->fd = fd;
      watch(EPOLL_CTL_ADD, *one, EPOLLIN);
    }
  }

  void receive(connection& one) {
    auto* const begin = one.buffer.data();
    auto const received = recv(one.fd, begin + one.size, capacity - one.size, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) return close_connection(one);

    auto const* const end = begin + one.size + received;
    auto const* line = begin;
    auto const* search = begin + one.size;  // there is no LF before it
    std::size_t replies_size = 0;
    while (auto const* const lf =
               static_cast<char const*>(std::memchr(search, '\n', static_cast<std::size_t>(end - search)))) {
      replies_size = answer(line, lf, replies_size);
      line = search = lf + 1;
    }
    one.size = static_cast<std::size_t>(end - line);
    if (one.size == capacity) return close_connection(one);  // a line that is too long
    if (line != begin) std::memmove(begin, line, one.size);
    if (replies_size != 0) send_all(one, replies_size);
  }

  // Appends the reply to a line to replies of `size` bytes in total; returns the new size.
  std::size_t answer(char const* line, char const* lf, std::size_t size) {
    auto const text_end = lf != line && lf[-1] == '\r' ? lf - 1 : lf;
    auto const length = static_cast<std::size_t>(text_end - line);
    std::memcpy(replies_.data() + size, line, length);
    replies_[size + length] = '\n';
    return size + length + 1;
  }

  void send_all(connection& one, std::size_t size) {
    auto const sent = send_some(one, replies_.data(), size);
    if (sent < 0) return close_connection(one);
    if (static_cast<std::size_t>(sent) == size) return;
    one.unsent.assign(replies_.data() + sent, replies_.data() + size);
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
  std::array<char, capacity> replies_;  // never longer than the requests
};

}  // namespace

int main(int argc, char** argv) try {
  server(argc > 1 ? argv[1] : "127.0.0.1:0").run();
} catch (std::exception const& error) {
  std::fprintf(stderr, "raw_lines: %s\n", error.what());
  return EXIT_FAILURE;
}
