// The UDP echo server on plain epoll with recvmmsg and sendmmsg: up to 64 datagrams per system call, with arrays that
// are prepared once.
#include <array>
#include <cstdlib>
#include <memory>

#include "raw_event_loop.hpp"
#include "raw_socket.hpp"

namespace {

class batch {
 public:
  batch() {
    for (std::size_t i = 0; i < size; ++i) {
      pieces_[i] = {buffers_[i].data(), longest_datagram};
      auto& header = messages_[i].msg_hdr;
      header.msg_name = &peers_[i];
      header.msg_namelen = sizeof peers_[i];
      header.msg_iov = &pieces_[i];
      header.msg_iovlen = 1;
    }
  }
  batch(batch const&) = delete;
  batch& operator=(batch const&) = delete;

  void echo(int fd) {
    int const received = recvmmsg(fd, messages_.data(), size, 0, nullptr);
    if (received <= 0) return;
    auto const count = static_cast<std::size_t>(received);
    for (std::size_t i = 0; i < count; ++i) pieces_[i].iov_len = messages_[i].msg_len;
    // A datagram that the socket does not accept is lost, as datagrams can be.
    sendmmsg(fd, messages_.data(), static_cast<unsigned>(count), 0);
    for (std::size_t i = 0; i < count; ++i) {
      pieces_[i].iov_len = longest_datagram;
      messages_[i].msg_hdr.msg_namelen = sizeof peers_[i];
    }
  }

 private:
  static constexpr std::size_t size = 64;

  std::array<std::array<char, longest_datagram>, size> buffers_;
  std::array<sockaddr_in, size> peers_;
  std::array<iovec, size> pieces_;
  std::array<mmsghdr, size> messages_{};
};

}  // namespace

int main(int argc, char** argv) try {
  int const fd = bind_at(argc > 1 ? argv[1] : "127.0.0.1:0", SOCK_NONBLOCK);
  auto const datagrams = std::make_unique<batch>();
  run_event_loop(fd, [&](int ready) { datagrams->echo(ready); });
} catch (std::exception const& error) {
  std::fprintf(stderr, "raw_mmsg: %s\n", error.what());
  return EXIT_FAILURE;
}
