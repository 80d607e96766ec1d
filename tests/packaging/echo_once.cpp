// The program of every consumer here: sends itself one message over TCP loopback and reads it back.
#include <strait/strait.hpp>

#include <cstdio>
#include <span>
#include <string_view>

using namespace strait;

constexpr std::string_view message = "through the strait";

task<> echo_once(tcp::listener& listener) {
  auto peer = co_await listener.accept();
  char buffer[64];
  auto n = co_await peer.read(buffer);
  co_await peer.write(std::span(buffer, n));
}

task<bool> comes_back(endpoint server) {
  auto stream = co_await tcp::connect(server);
  co_await stream.write(message);
  char buffer[64];
  auto n = co_await stream.read(buffer);
  co_return std::string_view(buffer, n) == message;
}

task<bool> send_to_self() {
  auto listener = tcp::listen("127.0.0.1:0");
  bool same = false;
  co_await with_task_group([&](task_group& group) -> task<> {
    group.spawn(echo_once(listener));
    same = co_await comes_back(listener.local_endpoint());
  });
  co_return same;
}

int main() {
  bool same = run(send_to_self());
  std::puts(same ? "echoed" : "the reply differs");
  return same ? 0 : 1;
}
