// serve on Unix-domain datagram sockets.
#include <string>

#include "datagram_servers.hpp"
#include "net/local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

task<> local_echo(local::request& question) { co_await question.reply(question.bytes()); }

}  // namespace

TEST_CASE("a local datagram socket can be served") {
  auto socket = local::bind(abstract_name());
  auto client = local::bind(abstract_name());
  auto const where = socket.local_endpoint();
  local::server one;
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      char buffer[16];
      co_await client.sendto("hello", where);
      auto const [size, from, truncated] = co_await client.recvfrom(buffer);
      CHECK(std::string(buffer, size) == "hello");
      CHECK(from == where);
      one.stop();
    };
    auto const [statistics, nothing] = co_await when_all(one.serve(std::move(socket), local_echo), clients());
    CHECK(statistics.served == 1);
  });
}

TEST_CASE("a reply to a sender without a name fails and is reported") {
  auto socket = local::bind(abstract_name());
  auto const where = socket.local_endpoint();
  std::string message;
  local::server one({.on_error = [&](local::request const& of, std::exception_ptr why) {
    message = fmt::format("{}: {}", of.from(), describe(why));
  }});
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      auto const nameless = raw_connect(where, SOCK_DGRAM);
      nameless.send("who am I?");
      co_await until([&] { return one.statistics().failed == 1; });
      one.stop();
    };
    co_await when_all(one.serve(std::move(socket), local_echo), clients());
  });
  CHECK_THAT(message, ContainsSubstring("(unnamed): send to (not connected): "));
}

TEST_CASE("one socket of a local pair can be served") {
  auto [socket, client] = local::socket_pair();
  local::server one;
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      char buffer[16];
      co_await client.send("hello");
      auto const [size, truncated] = co_await client.recv(buffer);
      CHECK(std::string(buffer, size) == "hello");
      one.stop();
    };
    co_await when_all(one.serve(std::move(socket), local_echo), clients());
  });
}
