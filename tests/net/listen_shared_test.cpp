// Listeners that share a port, for several loops or for all addresses of the host.
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "faulty_system.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string in_use(char const* what, endpoint const& where) {
  return fmt::format("{} {}: address already in use", what, where);
}

}  // namespace

TEST_CASE("listen_shared returns the requested number of listeners with the same endpoint") {
  auto const all = tcp::listen_shared("127.0.0.1:0", 4);
  CHECK(all.size() == 4);
  for (auto const& each : all) CHECK(each.local_endpoint() == all.front().local_endpoint());
  CHECK(all.front().local_endpoint().port() != 0);
}

TEST_CASE("each connection to a shared port arrives at one of its listeners") {
  auto all = tcp::listen_shared("127.0.0.1:0", 3);
  auto const where = all.front().local_endpoint();
  std::vector<raw_socket> clients;
  for (int i = 0; i != 30; ++i) clients.push_back(raw_connect(where));
  std::size_t accepted = 0;
  complete([&]() -> task<> {
    auto accept_all = [&](tcp::listener& from) -> task<> {
      for (;;) {
        static_cast<void>(co_await timeout(10ms, from.accept()));
        ++accepted;
      }
    };
    co_await when_all(as_result(accept_all(all[0])), as_result(accept_all(all[1])), as_result(accept_all(all[2])));
  });
  CHECK(accepted == 30);
}

TEST_CASE("listen_shared does not share a port with a foreign listener, even if that one has reuse_port") {
  auto const stranger = tcp::listen("127.0.0.1:0", {.reuse_port = true});
  auto const where = stranger.local_endpoint();
  CHECK_THROWS_WITH(tcp::listen_shared(where, 2), in_use("listen on", where));
  CHECK_THROWS_WITH(tcp::listen_shared(where.to_string(), 2), in_use("listen on", where));
  CHECK_THROWS_WITH(tcp::listen_shared(where, 2, {.reuse_port = true}), in_use("listen on", where));
}

TEST_CASE("a shared port can be listened on again when all its listeners are closed") {
  auto const where = tcp::listen_shared("127.0.0.1:0", 2).front().local_endpoint();
  CHECK(tcp::listen_shared(where, 2).front().local_endpoint() == where);
}

TEST_CASE("listen_shared with a count of zero returns no listeners") {
  CHECK(tcp::listen_shared("127.0.0.1:0", 0).empty());
}

TEST_CASE("sockets that share a port receive each datagram once") {
  auto all = udp::bind_shared("127.0.0.1:0", 3);
  CHECK(all.size() == 3);
  auto const where = all.front().local_endpoint();
  for (auto const& each : all) CHECK(each.local_endpoint() == where);
  std::size_t received = 0;
  complete([&]() -> task<> {
    for (int i = 0; i != 30; ++i) {
      auto sender = udp::bind("127.0.0.1:0");
      co_await sender.sendto("x", where);
    }
    auto receive_all = [&](udp::socket& from) -> task<> {
      char buffer[8];
      for (;;) {
        co_await timeout(10ms, from.recvfrom(buffer));
        ++received;
      }
    };
    co_await when_all(as_result(receive_all(all[0])), as_result(receive_all(all[1])), as_result(receive_all(all[2])));
  });
  CHECK(received == 30);
}

TEST_CASE("bind_shared does not share a port with a foreign socket, even if that one has reuse_port") {
  auto const stranger = udp::bind("127.0.0.1:0", {.reuse_port = true});
  auto const where = stranger.local_endpoint();
  CHECK_THROWS_WITH(udp::bind_shared(where, 2), in_use("bind", where));
  CHECK_THROWS_WITH(udp::bind_shared(where, 2, {.reuse_port = true}), in_use("bind", where));
}

TEST_CASE("listening on all addresses creates one listener each for IPv6 and IPv4 on the same port") {
  auto const all = tcp::listen_all_addresses(0);
  REQUIRE(!all.empty());
  auto const port = all.front().local_endpoint().port();
  CHECK(port != 0);
  for (auto const& each : all) CHECK(each.local_endpoint().port() == port);
  CHECK(all.back().local_endpoint() == endpoint::any_v4(port));
  if (all.size() == 2) CHECK(all.front().local_endpoint() == endpoint::any_v6(port));
}

TEST_CASE("fault 07: listening on all addresses of a host without IPv6 listens on IPv4") {
  without_ipv6 const host;
  auto const all = tcp::listen_all_addresses(0);
  REQUIRE(all.size() == 1);
  CHECK(all.front().local_endpoint().is_v4());
}

TEST_CASE("listening on all addresses with a port that is in use reports a clear error") {
  auto const taken = tcp::listen("0.0.0.0:0");
  auto const before = open_descriptors();
  CHECK_THROWS_WITH(tcp::listen_all_addresses(taken.local_endpoint().port()),
                    ContainsSubstring("address already in use"));
  CHECK(open_descriptors() == before);
}
