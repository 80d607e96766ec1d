// The program of a consumer with an Asio of its own: echoes by strait and by that Asio at the same time.
#include <strait/strait.hpp>

#include <cstdio>
#include <span>
#include <string_view>
#include <thread>

#include <asio.hpp>

using namespace strait;

constexpr std::string_view message = "through the strait";
constexpr int rounds = 1000;

namespace by_strait {

task<> echo(tcp::listener& listener) {
  auto peer = co_await listener.accept();
  char buffer[64];
  while (auto n = co_await peer.read(buffer)) co_await peer.write(std::span(buffer, n));
}

task<int> count_replies(endpoint server) {
  auto stream = co_await tcp::connect(server);
  char buffer[message.size()];
  int replies = 0;
  for (int round = 0; round < rounds; ++round) {
    co_await stream.write(message);
    co_await stream.read_exactly(buffer);
    if (std::string_view(buffer, sizeof buffer) == message) ++replies;
    co_await sleep_for(std::chrono::microseconds(1));
  }
  co_return replies;
}

task<int> send_to_self() {
  auto listener = tcp::listen("127.0.0.1:0");
  int replies = 0;
  co_await with_task_group([&](task_group& group) -> task<> {
    group.spawn(echo(listener));
    replies = co_await count_replies(listener.local_endpoint());
  });
  co_return replies;
}

}  // namespace by_strait

namespace by_asio {

using asio::ip::tcp;

class echo {
 public:
  explicit echo(asio::io_context& context) : acceptor_(context, {asio::ip::address_v4::loopback(), 0}), peer_(context) {
    acceptor_.async_accept(peer_, [this](std::error_code failure) {
      if (!failure) read();
    });
  }
  tcp::endpoint where() const { return acceptor_.local_endpoint(); }

 private:
  void read() {
    peer_.async_read_some(asio::buffer(buffer_), [this](std::error_code failure, std::size_t n) {
      if (!failure) write(n);
    });
  }
  void write(std::size_t n) {
    asio::async_write(peer_, asio::buffer(buffer_, n), [this](std::error_code failure, std::size_t) {
      if (!failure) read();
    });
  }
  tcp::acceptor acceptor_;
  tcp::socket peer_;
  char buffer_[64];
};

class client {
 public:
  client(asio::io_context& context, tcp::endpoint const& server) : stream_(context), timer_(context) {
    stream_.async_connect(server, [this](std::error_code failure) {
      if (!failure) begin_round();
    });
  }
  int replies() const { return replies_; }

 private:
  void begin_round() {
    if (round_++ == rounds) return stream_.close();
    asio::async_write(stream_, asio::buffer(message), [this](std::error_code failure, std::size_t) {
      if (!failure) read();
    });
  }
  void read() {
    asio::async_read(stream_, asio::buffer(buffer_), [this](std::error_code failure, std::size_t) {
      if (failure) return;
      if (std::string_view(buffer_, sizeof buffer_) == message) ++replies_;
      timer_.expires_after(std::chrono::microseconds(1));
      timer_.async_wait([this](std::error_code) { begin_round(); });
    });
  }
  tcp::socket stream_;
  asio::steady_timer timer_;
  char buffer_[message.size()];
  int round_ = 0;
  int replies_ = 0;
};

int send_to_self() {
  asio::io_context context;
  echo server(context);
  client sender(context, server.where());
  context.run();
  return sender.replies();
}

}  // namespace by_asio

int main() {
  int by_other = 0;
  std::thread other([&] { by_other = by_asio::send_to_self(); });
  int const by_this = run(by_strait::send_to_self());
  other.join();
  std::puts(by_this == rounds && by_other == rounds ? "echoed" : "replies are missing");
}
