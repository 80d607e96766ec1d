// local::socket: how connect and disconnect affect datagrams that have already arrived.
#include <string_view>
#include <system_error>

#include <sys/socket.h>

#include "catch.hpp"
#include "local_sockets.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("a connected local socket does not receive datagrams that other senders sent before") {
  auto socket = local::bind(local::endpoint());
  auto peer = local::bind(local::endpoint());
  auto stranger = local::bind(local::endpoint());
  complete([&]() -> task<> {
    co_await stranger.sendto("forged", socket.local_endpoint());
    co_await peer.sendto("early", socket.local_endpoint());
    socket.connect(peer.local_endpoint());
    co_await peer.sendto("genuine", socket.local_endpoint());
    char bytes[16];
    for (auto const* expected : {"early", "genuine"}) {
      auto const got = co_await socket.recv(bytes);
      CHECK(std::string_view(bytes, got.size) == expected);
    }
  });
}

TEST_CASE("disconnecting a local socket makes the kernel discard its unreceived datagrams") {
  auto one = local::bind(local::endpoint());
  auto other = local::bind(local::endpoint());
  other.connect(one.local_endpoint());
  one.connect(other.local_endpoint());
  complete([&]() -> task<> {
    co_await other.send("unread");
    one.disconnect();
    char bytes[16];
    CHECK(::recv(one.native_handle(), bytes, sizeof bytes, MSG_DONTWAIT) < 0);
    auto const outcome = co_await as_result(other.recv(bytes));
    CHECK(outcome.error() == std::errc::connection_reset);
  });
}
