// The echo server on plain Asio callbacks: a session owns itself and is deleted with its connection, without
// shared_ptr.
#include <asio.hpp>

#include <array>
#include <iostream>
#include <string>

using asio::ip::tcp;

namespace {

class session {
 public:
  explicit session(tcp::socket socket) : socket_(std::move(socket)) { socket_.set_option(tcp::no_delay(true)); }

  void read() {
    socket_.async_read_some(asio::buffer(buffer_), [this](std::error_code error, std::size_t size) {
      if (error) delete this;
      else write(size);
    });
  }

 private:
  void write(std::size_t size) {
    asio::async_write(socket_, asio::buffer(buffer_, size), [this](std::error_code error, std::size_t) {
      if (error) delete this;
      else read();
    });
  }

  tcp::socket socket_;
  std::array<char, 8192> buffer_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](std::error_code error, tcp::socket socket) {
    if (!error) (new session(std::move(socket)))->read();
    accept(acceptor);
  });
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
  accept(acceptor);
  context.run();
}
