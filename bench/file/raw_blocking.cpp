// Sends a file from one process to another with blocking system calls (sendfile, and splice through a pipe); the
// processes can do nothing else. The baseline.
#include <fcntl.h>
#include <sys/sendfile.h>

#include "pair.hpp"

namespace {

constexpr std::size_t most = 256 * 1024;

void send_whole(int to, int from, std::uint64_t size) {
  for (std::uint64_t sent = 0; sent != size;) {
    auto const moved = sendfile(to, from, nullptr, size - sent);
    if (moved <= 0) throw std::runtime_error("sendfile");
    sent += static_cast<std::uint64_t>(moved);
  }
}

void receive_whole(int from, int to, std::uint64_t size) {
  int pipe[2];
  check(pipe2(pipe, O_CLOEXEC), "pipe2");
  check(fcntl(pipe[1], F_SETPIPE_SZ, most), "F_SETPIPE_SZ");
  for (std::uint64_t received = 0; received != size;) {
    auto taken = splice(from, nullptr, pipe[1], nullptr, most, SPLICE_F_MOVE);
    if (taken <= 0) throw std::runtime_error("splice");
    received += static_cast<std::uint64_t>(taken);
    while (taken != 0) {
      auto const written = splice(pipe[0], nullptr, to, nullptr, static_cast<std::size_t>(taken), SPLICE_F_MOVE);
      if (written <= 0) throw std::runtime_error("splice to the file");
      taken -= written;
    }
  }
  check(close(to), "close");
}

}  // namespace

int main(int, char** arguments) { return transfer(arguments[1], arguments[2], send_whole, receive_whole); }
