// tcp::listen, and properties of a listener before it accepts.
#include <string>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "faulty_system.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

int option_of(tcp::listener const& listener, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  REQUIRE(::getsockopt(listener.native_handle(), level, name, &value, &length) == 0);
  return value;
}

tcp::stream accept_one(tcp::listener& listener) {
  return complete([&]() -> task<tcp::stream> { co_return co_await listener.accept(); });
}

}  // namespace

TEST_CASE("with port 0, the system chooses a port") {
  auto const listener = tcp::listen("localhost:0");
  CHECK(listener.local_endpoint().with_port(0) == endpoint::loopback_v4(0));
  CHECK(listener.local_endpoint().port() != 0);
}

TEST_CASE("listen accepts an endpoint or its text") {
  CHECK(tcp::listen(endpoint::loopback_v6(0)).local_endpoint().is_v6());
  CHECK(tcp::listen("[::1]:0").local_endpoint().with_port(0) == endpoint::loopback_v6(0));
  CHECK(tcp::listen("127.0.0.1:0").local_endpoint().is_v4());
}

TEST_CASE("fault 05: a port that is in use is reported as a clear error") {
  auto const first = tcp::listen("127.0.0.1:0");
  auto const where = first.local_endpoint();
  CHECK_THROWS_WITH(tcp::listen(where), "listen on " + where.to_string() + ": address already in use");
  try {
    static_cast<void>(tcp::listen(where));
  } catch (error const& e) {
    CHECK(e.code() == std::errc::address_in_use);
  }
}

TEST_CASE("fault 06: a missing permission for the port is reported as a clear error") {
  failing const bind(system_call::bind, EACCES, 1);
  CHECK_THROWS_WITH(tcp::listen("127.0.0.1:80"), "listen on 127.0.0.1:80: permission denied");
}

TEST_CASE("fault 07: on a host without IPv6, listen uses IPv4") {
  without_ipv6 const host;
  CHECK_THROWS_WITH(tcp::listen("[::1]:0"), "listen on [::1]:0: address family not supported by protocol");
  auto listener = tcp::listen("localhost:0");
  auto const client = raw_connect(listener.local_endpoint());
  CHECK(accept_one(listener).is_open());
}

TEST_CASE("an address that does not belong to this host is refused") {
  CHECK_THROWS_WITH(tcp::listen("192.0.2.1:0"), "listen on 192.0.2.1:0: cannot assign requested address");
}

TEST_CASE("a text that is not an endpoint is refused by listen") {
  CHECK_THROWS_WITH(tcp::listen("example.org:80"), ContainsSubstring("bad endpoint \"example.org:80\""));
  CHECK_THROWS_WITH(tcp::listen("localhost"), ContainsSubstring("the port is missing"));
}

TEST_CASE("a failed listen leaves no descriptor behind") {
  auto const first = tcp::listen("127.0.0.1:0");
  auto const before = open_descriptors();
  CHECK_THROWS_AS(tcp::listen(first.local_endpoint()), error);
  CHECK_THROWS_AS(tcp::listen("192.0.2.1:0"), error);
  CHECK(open_descriptors() == before);
}

TEST_CASE("a restarted server can listen while connections of its predecessor are in TIME_WAIT") {
  auto first = tcp::listen("127.0.0.1:0");
  auto const where = first.local_endpoint();
  auto const client = raw_connect(where);
  auto accepted = accept_one(first);
  accepted.close();  // this side closes first, so its end enters TIME_WAIT
  static_cast<void>(client.receive());
  first.close();
  CHECK(tcp::listen(where).local_endpoint() == where);
}

TEST_CASE("reuse_address can be disabled") {
  CHECK(option_of(tcp::listen("127.0.0.1:0"), SOL_SOCKET, SO_REUSEADDR) == 1);
  CHECK(option_of(tcp::listen("127.0.0.1:0", {.reuse_address = false}), SOL_SOCKET, SO_REUSEADDR) == 0);
}

TEST_CASE("listeners with reuse_port share a port") {
  auto first = tcp::listen("127.0.0.1:0", {.reuse_port = true});
  auto second = tcp::listen(first.local_endpoint(), {.reuse_port = true});
  CHECK(second.local_endpoint() == first.local_endpoint());

  std::vector<raw_socket> clients;
  for (int i = 0; i != 64; ++i) clients.push_back(raw_connect(first.local_endpoint()));
  int of_first = 0;
  int of_second = 0;
  complete([&]() -> task<> {
    while (of_first + of_second != 64) {
      auto const [one, two] = co_await when_any(first.accept(), second.accept());
      of_first += one.has_value();
      of_second += two.has_value();
    }
  });
  CHECK(of_first > 0);
  CHECK(of_second > 0);
}

TEST_CASE("an IPv6 listener accepts IPv4 clients and reports both ends as IPv4 addresses") {
  auto listener = tcp::listen("[::]:0");
  auto const client = raw_connect(endpoint::loopback_v4(listener.local_endpoint().port()));
  auto const accepted = accept_one(listener);
  CHECK(accepted.remote_endpoint() == client.where());
  CHECK(accepted.local_endpoint() == endpoint::loopback_v4(listener.local_endpoint().port()));
}

TEST_CASE("an IPv6 listener with v6_only does not accept IPv4 clients") {
  auto const listener = tcp::listen("[::]:0", {.v6_only = true});
  auto const port = listener.local_endpoint().port();
  CHECK_THROWS_AS(raw_connect(endpoint::loopback_v4(port)), std::system_error);
  CHECK_NOTHROW(raw_connect(endpoint::loopback_v6(port)));
}

TEST_CASE("the backlog limits the number of waiting connections") {
  auto const listener = tcp::listen("127.0.0.1:0", {.backlog = 2});
  int connected = 0;
  std::vector<raw_socket> clients;
  for (int i = 0; i != 8; ++i) {
    raw_socket client(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    sockaddr_storage address;
    auto const length = static_cast<socklen_t>(listener.local_endpoint().to_sockaddr(&address));
    static_cast<void>(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), length));
    pollfd entry{client.get(), POLLOUT, 0};
    connected += ::poll(&entry, 1, 20) == 1;
    clients.push_back(std::move(client));
  }
  CHECK(connected == 3);  // Linux admits one more than the backlog
}

TEST_CASE("a listening descriptor can be adopted") {
  auto raw = raw_listener();
  auto const where = raw.where();
  tcp::listener listener(raw.release());
  CHECK(listener.local_endpoint() == where);
  auto const client = raw_connect(where);
  CHECK(accept_one(listener).remote_endpoint() == client.where());
}

TEST_CASE("a descriptor that is not a socket is not adopted, and remains the caller's") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  CHECK_THROWS_WITH(tcp::listener(ends[0]), ContainsSubstring("take over a listener: "));
  CHECK_THROWS_WITH(tcp::stream(ends[0]), ContainsSubstring("take over a connection: "));
  CHECK(::close(ends[0]) == 0);
  CHECK(::close(ends[1]) == 0);
  CHECK_THROWS_AS(tcp::stream(-1), error);
}

TEST_CASE("a descriptor that is not connected cannot be adopted as a stream") {
  raw_socket const fresh(::socket(AF_INET, SOCK_STREAM, 0));
  CHECK_THROWS_AS(tcp::stream(fresh.get()), error);
}

TEST_CASE("a listener that has been moved from is closed") {
  auto first = tcp::listen("127.0.0.1:0");
  auto const where = first.local_endpoint();
  tcp::listener second(std::move(first));
  CHECK_FALSE(first.is_open());
  CHECK(first.native_handle() == -1);
  CHECK(second.local_endpoint() == where);
  tcp::listener third;
  third = std::move(second);
  CHECK(third.local_endpoint() == where);
  CHECK_FALSE(second.is_open());
}

TEST_CASE("assigning to a listener closes its previous socket") {
  auto first = tcp::listen("127.0.0.1:0");
  auto const where = first.local_endpoint();
  first = tcp::listen("127.0.0.1:0");
  CHECK_THROWS_AS(raw_connect(where), std::system_error);
}

TEST_CASE("a closed listener has no endpoint") {
  tcp::listener listener;
  CHECK_FALSE(listener.is_open());
  CHECK_THROWS_WITH(listener.local_endpoint(), "local_endpoint: closed on this side");
  listener.close();
  listener.close();
  CHECK(listener.back_offs() == 0);
}
