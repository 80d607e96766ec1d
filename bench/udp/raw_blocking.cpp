// The UDP echo server on a blocking socket: the minimum of work, with a thread that can do nothing else.
#include <array>
#include <cstdlib>

#include "raw_socket.hpp"

namespace {

[[noreturn]] void echo(int fd) {
  std::array<char, longest_datagram> buffer;
  for (;;) {
    sockaddr_in peer;
    socklen_t size = sizeof peer;
    auto const received = recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
    if (received >= 0)
      sendto(fd, buffer.data(), static_cast<std::size_t>(received), 0, reinterpret_cast<sockaddr*>(&peer), size);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  int const fd = bind_at(argc > 1 ? argv[1] : "127.0.0.1:0", 0);
  echo(fd);
} catch (std::exception const& error) {
  std::fprintf(stderr, "raw_blocking: %s\n", error.what());
  return EXIT_FAILURE;
}
