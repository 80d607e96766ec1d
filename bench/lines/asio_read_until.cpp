// The line server on Asio's own coroutines and async_read_until, written like Asio's examples. With the second argument
// "collected", all received lines are answered with one write; for that, the program searches the buffer itself.
#include <asio.hpp>

#include <iostream>
#include <string>
#include <string_view>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

constexpr std::size_t limit = 64 * 1024;

awaitable<void> answer(tcp::socket peer) try {
  peer.set_option(tcp::no_delay(true));
  std::string data;
  for (;;) {
    auto const size = co_await asio::async_read_until(peer, asio::dynamic_buffer(data, limit), '\n', use_awaitable);
    co_await asio::async_write(peer, asio::buffer(data, size), use_awaitable);
    data.erase(0, size);
  }
} catch (std::system_error const&) {
  // The end of the connection.
}

awaitable<void> answer_collected(tcp::socket peer) try {
  peer.set_option(tcp::no_delay(true));
  std::string data;
  std::string replies;
  for (;;) {
    auto end = co_await asio::async_read_until(peer, asio::dynamic_buffer(data, limit), '\n', use_awaitable);
    std::size_t begin = 0;
    for (; end != 0; end = data.find('\n', begin) + 1) {
      replies.append(data, begin, end - begin);
      begin = end;
    }
    data.erase(0, begin);
    co_await asio::async_write(peer, asio::buffer(replies), use_awaitable);
    replies.clear();
  }
} catch (std::system_error const&) {
  // The end of the connection.
}

awaitable<void> accept(tcp::acceptor& acceptor, awaitable<void> (*handler)(tcp::socket)) {
  for (;;)
    asio::co_spawn(acceptor.get_executor(), handler(co_await acceptor.async_accept(use_awaitable)), asio::detached);
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
  bool const is_collected = argc > 2 && std::string_view(argv[2]) == "collected";
  asio::co_spawn(context, accept(acceptor, is_collected ? answer_collected : answer), asio::detached);
  context.run();
}
