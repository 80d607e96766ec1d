// Handlers of `serve` that are function templates.
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "catch.hpp"
#include "strait/core/run.hpp"
#include "strait/core/task_group.hpp"
#include "strait/net/tcp.hpp"
#include "strait/net/udp.hpp"
#include "strait/server/datagram_server.hpp"
#include "strait/server/server.hpp"

using namespace strait;

namespace {

template <class Stream>
task<> echo(Stream& peer) {
  char buffer[100];
  while (auto n = co_await peer.read(buffer)) co_await peer.write(std::span(buffer, n));
}

template <class Stream>
task<> greet(buffered_reader<Stream>& in, buffered_writer<Stream>& out) {
  while (auto line = co_await in.read_line()) co_await out.print("hello {}\n", *line);
}

template <class Request>
task<> answer(Request& question) {
  co_await question.reply("answer");
}

/// What the server of `listener` replies to `question`.
template <class Serve>
std::string reply_of(Serve serving, std::string_view question) {
  std::string reply;
  run([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      auto listener = tcp::listen("localhost:0");
      auto const where = listener.local_endpoint();
      auto const server = [&]() -> task<> { co_await serving(std::move(listener)); };
      group.spawn(server);
      auto peer = co_await tcp::connect(where);
      co_await peer.write(question);
      peer.shutdown_write();
      char buffer[100];
      while (auto n = co_await peer.read(buffer)) reply.append(buffer, n);
      group.cancel();
    });
  });
  return reply;
}

}  // namespace

TEST_CASE("serve instantiates a function template that takes a stream") {
  CHECK(reply_of([](tcp::listener listener) { return serve(std::move(listener), echo); }, "hello") == "hello");
}

TEST_CASE("serve instantiates a function template that takes a reader and a writer") {
  auto const with_options = [](tcp::listener listener) {
    return serve(std::move(listener), greet, {.max_connections = 10});
  };
  CHECK(reply_of(with_options, "you\n") == "hello you\n");
}

TEST_CASE("serve instantiates a function template that takes a datagram") {
  run([]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      auto socket = udp::bind("localhost:0");
      auto const where = socket.local_endpoint();
      auto const server = [&]() -> task<> { co_await serve(std::move(socket), answer); };
      group.spawn(server);
      auto client = co_await udp::connect(where);
      co_await client.send("question");
      char buffer[100];
      auto const reply = co_await client.recv(buffer);
      CHECK(std::string_view(buffer, reply.size) == "answer");
      group.cancel();
    });
  });
}
