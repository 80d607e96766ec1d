// The UDP echo server on Asio's own coroutines, written like Asio's examples.
#include <asio.hpp>

#include <iostream>
#include <string>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::udp;

namespace {

awaitable<void> echo(udp::socket& socket) {
  char buffer[2048];
  for (;;) {
    udp::endpoint peer;
    auto const size = co_await socket.async_receive_from(asio::buffer(buffer), peer, use_awaitable);
    co_await socket.async_send_to(asio::buffer(buffer, size), peer, use_awaitable);
  }
}

udp::endpoint parse(std::string const& endpoint) {
  auto const colon = endpoint.rfind(':');
  return {asio::ip::make_address(endpoint.substr(0, colon)),
          static_cast<asio::ip::port_type>(std::stoi(endpoint.substr(colon + 1)))};
}

}  // namespace

int main(int argc, char** argv) {
  asio::io_context context(1);
  udp::socket socket(context, parse(argc > 1 ? argv[1] : "127.0.0.1:0"));
  socket.set_option(asio::socket_base::receive_buffer_size(4 << 20));
  std::cout << "listening on " << socket.local_endpoint() << std::endl;
  asio::co_spawn(context, echo(socket), asio::detached);
  context.run();
}
