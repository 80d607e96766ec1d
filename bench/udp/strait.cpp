// The UDP echo server on strait. The second argument selects the variant: "plain", one datagram at a time; "batch", up
// to 64 at a time; "offload", batches that the kernel may also coalesce on receipt and segment when sent (GRO/GSO).
#include <strait/strait.hpp>

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

using namespace strait;

namespace {

task<> echo(udp::socket& socket) {
  char buffer[2048];
  for (;;) {
    auto [size, from, truncated] = co_await socket.recvfrom(buffer);
    co_await socket.sendto(std::span(buffer, size), from);
  }
}

task<> echo_batches(udp::socket& socket) {
  udp::datagram_buffer many(64, 2048);
  for (;;) co_await socket.send_batch(co_await socket.recv_batch(many));
}

task<> serve_forever(std::string endpoint, std::string_view how) {
  auto socket = udp::bind(endpoint, {.receive_offload = how == "offload", .send_offload = how == "offload"});
  socket.receive_buffer_size(4 << 20);
  std::printf("listening on %s\n", socket.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  if (how == "plain") co_await echo(socket);
  else co_await echo_batches(socket);
}

}  // namespace

int main(int argc, char** argv) {
  return run_main(serve_forever(argc > 1 ? argv[1] : "127.0.0.1:0", argc > 2 ? argv[2] : "plain"));
}
