// The program of consumers that use the bridge to Asio: sends itself one message through a pipe of Asio's.
#include <strait/interop/asio.hpp>
#include <strait/strait.hpp>

#include <cstdio>
#include <string_view>

#include <asio/buffer.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

using namespace strait;

constexpr std::string_view message = "through the strait";

task<bool> send_to_self() {
  asio::local::stream_protocol::socket here(co_await asio_executor());
  asio::local::stream_protocol::socket there(co_await asio_executor());
  asio::local::connect_pair(here, there);
  co_await asio::async_write(here, asio::buffer(message), use_task);
  char buffer[message.size()];
  co_await asio::async_read(there, asio::buffer(buffer), use_task);
  co_return std::string_view(buffer, sizeof buffer) == message;
}

int main() {
  bool same = run(send_to_self());
  std::puts(same ? "echoed" : "the reply differs");
  return same ? 0 : 1;
}
