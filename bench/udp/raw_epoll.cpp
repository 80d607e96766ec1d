// The UDP echo server on plain epoll, level-triggered, with one thread and one system call per datagram and direction:
// the baseline for the other contenders.
#include <array>
#include <cstdlib>

#include "raw_event_loop.hpp"
#include "raw_socket.hpp"

namespace {

constexpr int most_at_once = 16;  // then other descriptors would get their turn, if it had any

void echo(int fd) {
  std::array<char, longest_datagram> buffer;
  for (int i = 0; i < most_at_once; ++i) {
    sockaddr_in peer;
    socklen_t size = sizeof peer;
    auto const received = recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
    if (received < 0) return;
    // A datagram that the socket does not accept is lost, as datagrams can be.
    sendto(fd, buffer.data(), static_cast<std::size_t>(received), 0, reinterpret_cast<sockaddr*>(&peer), size);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  int const fd = bind_at(argc > 1 ? argv[1] : "127.0.0.1:0", SOCK_NONBLOCK);
  run_event_loop(fd, echo);
} catch (std::exception const& error) {
  std::fprintf(stderr, "raw_epoll: %s\n", error.what());
  return EXIT_FAILURE;
}
