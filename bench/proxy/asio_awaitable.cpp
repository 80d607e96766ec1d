// The proxy on Asio's own coroutines, written like Asio's examples, with a buffer of 16 KiB for each direction.
#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <iostream>
#include <string>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;

namespace {

awaitable<void> copy(tcp::socket& from, tcp::socket& to) {
  char buffer[16 * 1024];
  for (;;) {
    asio::error_code error;
    auto const size = co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(use_awaitable, error));
    if (error == asio::error::eof) break;
    if (error) throw std::system_error(error);
    co_await async_write(to, asio::buffer(buffer, size), use_awaitable);
  }
  to.shutdown(tcp::socket::shutdown_send);
}

awaitable<void> forward(tcp::socket client, tcp::endpoint upstream) try {
  tcp::socket server(client.get_executor());
  co_await server.async_connect(upstream, use_awaitable);
  client.set_option(tcp::no_delay(true));
  server.set_option(tcp::no_delay(true));
  co_await (copy(client, server) && copy(server, client));
} catch (std::exception const&) {
  // The end of the connection.
}

awaitable<void> accept(tcp::acceptor& acceptor, tcp::endpoint upstream) {
  for (;;)
    asio::co_spawn(acceptor.get_executor(), forward(co_await acceptor.async_accept(use_awaitable), upstream),
                   asio::detached);
}

tcp::endpoint parse(std::string const& endpoint) {
  auto const colon = endpoint.rfind(':');
  return {asio::ip::make_address(endpoint.substr(0, colon)),
          static_cast<asio::ip::port_type>(std::stoi(endpoint.substr(colon + 1)))};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  asio::io_context context(1);
  tcp::acceptor acceptor(context, parse(argv[1]));
  std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
  asio::co_spawn(context, accept(acceptor, parse(argv[2])), asio::detached);
  context.run();
}
