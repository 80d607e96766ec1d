// The echo server on Asio's own coroutines, written like Asio's examples.
#include <asio.hpp>

#include <iostream>
#include <string>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

awaitable<void> echo(tcp::socket peer) try {
  peer.set_option(tcp::no_delay(true));
  char buffer[8192];
  for (;;) {
    auto const size = co_await peer.async_read_some(asio::buffer(buffer), use_awaitable);
    co_await asio::async_write(peer, asio::buffer(buffer, size), use_awaitable);
  }
} catch (std::system_error const&) {
  // The end of the connection.
}

awaitable<void> accept(tcp::acceptor& acceptor) {
  for (;;) asio::co_spawn(acceptor.get_executor(), echo(co_await acceptor.async_accept(use_awaitable)), asio::detached);
}

tcp::endpoint parse(std::string const& endpoint) {
  auto const colon = endpoint.rfind(':');
  return {asio::ip::make_address(endpoint.substr(0, colon)),
          static_cast<asio::ip::port_type>(std::stoi(endpoint.substr(colon + 1)))};
}

}  // namespace

int main(int argc, char** argv) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, parse(argc > 1 ? argv[1] : "127.0.0.1:0"));
  std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
  asio::co_spawn(context, accept(acceptor), asio::detached);
  context.run();
}
