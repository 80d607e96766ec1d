// tcp::connect: to one address, to several that are tried in parallel, and to names.
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "faulty_names.hpp"
#include "faulty_system.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Connects and returns the peer's endpoint; throws if the connect fails.
template <class To>
endpoint connected_to(To to, tcp::connect_options options = {}) {
  return complete([&]() -> task<endpoint> {
    auto const stream = co_await tcp::connect(to, options);
    co_return stream.remote_endpoint();
  });
}

std::chrono::milliseconds time_taken(clock::time_point since) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - since);
}

}  // namespace

TEST_CASE("connect returns a stream that is connected to the listener") {
  auto const at = endpoint::parse(GENERATE(as<std::string>(), "127.0.0.1:0", "[::1]:0"));
  auto const listener = raw_listener(at);
  CHECK(connected_to(listener.where()) == listener.where());
}

TEST_CASE("a refused connect reports the address and the reason") {
  auto const to = unused_endpoint();
  CHECK_THROWS_WITH(connected_to(to), "connect to " + to.to_string() + ": connection refused");
  CHECK_THROWS_WITH(connected_to(to.to_string()), "connect to " + to.to_string() + ": connection refused");
  try {
    connected_to(to);
  } catch (error const& e) {
    CHECK(e.code() == std::errc::connection_refused);
  }
}

TEST_CASE("a connect to an unreachable network fails at once") {
  CHECK_THROWS_WITH(connected_to(endpoint::parse("255.255.255.255:80")),
                    ContainsSubstring("connect to 255.255.255.255:80: "));
}

TEST_CASE("a failed connect leaves no descriptor behind") {
  auto const to = unused_endpoint();
  black_hole const silent;
  auto const before = open_descriptors();
  CHECK_THROWS_AS(connected_to(to), error);
  CHECK_THROWS_AS(connected_to(std::vector{to, to, to}), error);
  CHECK_THROWS_AS(connected_to(silent.where(), {.timeout = 10ms}), timed_out);
  CHECK_THROWS_AS(connected_to(std::vector{silent.where(), to}, {.timeout = 10ms, .attempt_delay = 1ms}), timed_out);
  CHECK(open_descriptors() == before);
}

TEST_CASE("a connect that is not answered ends after its timeout") {
  black_hole const silent;
  auto const begun = clock::now();
  CHECK_THROWS_WITH(connected_to(silent.where(), {.timeout = 50ms}),
                    "connect to " + silent.where().to_string() + ": timed out");
  CHECK(time_taken(begun) >= 50ms);
}

TEST_CASE("a connect can be canceled while it waits") {
  black_hole const silent;
  auto const before = open_descriptors();
  complete([&]() -> task<> {
    cancel_scope scope;
    auto cancel_soon = [&]() -> task<> {
      for (int i = 0; i != 3; ++i) co_await yield();
      scope.cancel();
    };
    auto const [stream, done] = co_await when_all(scope.run(tcp::connect(silent.where())), cancel_soon());
    CHECK_FALSE(stream);
  });
  CHECK(open_descriptors() == before);
}

TEST_CASE("a connect in a canceled scope does not start whatever its address would answer") {
  auto const to = endpoint::parse(GENERATE(as<std::string>(), "127.0.0.1:1", "255.255.255.255:80"));
  complete([&]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const one = co_await scope.run(tcp::connect(to));
    CHECK_FALSE(one);
    std::vector const addresses(3, to);
    auto const raced = co_await scope.run(tcp::connect(addresses));
    CHECK_FALSE(raced);
  });
}

TEST_CASE("a connection that is established in the turn of a cancel is delivered") {
  auto const listener = raw_listener();
  complete([&]() -> task<> {
    cancel_scope scope;
    auto connecting = [&]() -> task<bool> { co_return (co_await tcp::connect(listener.where())).is_open(); };
    auto cancel = [&]() -> task<> {
      scope.cancel();  // in the turn in which the connect has started
      co_return;
    };
    auto const [connected, done] = co_await when_all(scope.run(connecting), cancel());
    CHECK(connected == true);
  });
}

TEST_CASE("when an address refuses the connection, the next one is tried at once") {
  auto const listener = raw_listener();
  auto const begun = clock::now();
  CHECK(connected_to(std::vector{unused_endpoint(), unused_endpoint(), listener.where()}, {.attempt_delay = 10s}) ==
        listener.where());
  CHECK(time_taken(begun) < 5s);
}

TEST_CASE("when an address does not answer, the next one is tried in parallel after the delay") {
  black_hole const silent;
  auto const listener = raw_listener();
  auto const begun = clock::now();
  CHECK(connected_to(std::vector{silent.where(), listener.where()}, {.attempt_delay = 50ms}) == listener.where());
  CHECK(time_taken(begun) >= 50ms);
}

TEST_CASE("the first address that answers is used even if an earlier one has not failed yet") {
  black_hole const silent;
  auto const listener = raw_listener();
  auto const before = open_descriptors();
  CHECK(connected_to(std::vector{silent.where(), silent.where(), unused_endpoint(), listener.where(), silent.where()},
                     {.attempt_delay = 5ms}) == listener.where());
  CHECK(open_descriptors() == before);
}

TEST_CASE("when all addresses fail, the error is that of the last one") {
  auto const first = unused_endpoint();
  auto const second = unused_endpoint();
  CHECK_THROWS_WITH(connected_to(std::vector{first, second}),
                    "connect to " + second.to_string() + ": connection refused");
}

TEST_CASE("the timeout covers all addresses together and its error names them") {
  black_hole const one;
  black_hole const other;
  CHECK_THROWS_WITH(connected_to(std::vector{one.where(), other.where()}, {.timeout = 60ms, .attempt_delay = 20ms}),
                    "connect to " + one.where().to_string() + ", " + other.where().to_string() + ": timed out");
}

TEST_CASE("addresses of both families are tried") {
  auto const listener = raw_listener(endpoint::loopback_v4(0));
  auto const port = listener.where().port();
  CHECK(connected_to(std::vector{endpoint::loopback_v6(port), endpoint::loopback_v4(port)}) == listener.where());
}

TEST_CASE("a name is looked up and connected to") {
  auto const listener = raw_listener();
  CHECK(connected_to("localhost:" + std::to_string(listener.where().port())) == listener.where());
}

TEST_CASE("connecting to an unknown host fails with the resolver's message") {
  CHECK_THROWS_WITH(connected_to(std::string("no-such-host.invalid:80")),
                    ContainsSubstring("resolve no-such-host.invalid:80: "));
}

TEST_CASE("a text without a port is refused") {
  CHECK_THROWS_WITH(connected_to(std::string("localhost")),
                    ContainsSubstring("the port is missing; expected host:port"));
}

TEST_CASE("a host with a NUL in its name is refused") {
  using namespace std::string_literals;
  auto const listener = raw_listener();
  auto const host = "127.0.0.1\0.trusted.example"s;
  auto const port = listener.where().port();
  CHECK_THROWS_WITH(connected_to(host + ":" + std::to_string(port)),
                    ContainsSubstring("the host contains a NUL character"));
  CHECK_THROWS_WITH(complete([&]() -> task<> { co_await tcp::connect(host, port); }),
                    ContainsSubstring("the host contains a NUL character"));
}

TEST_CASE("the addresses of a name are tried with alternating families, beginning with that of the first one") {
  auto const first_v6 = raw_listener(endpoint::loopback_v6(0));
  auto const second_v6 = raw_listener(endpoint::loopback_v6(0));
  auto const first_v4 = raw_listener(endpoint::loopback_v4(0));
  auto const second_v4 = raw_listener(endpoint::loopback_v4(0));
  auto const dead_v6 = raw_listener(endpoint::loopback_v6(0)).where();
  auto const dead_v4 = unused_endpoint();
  auto const connected_to_one_of = [](std::vector<endpoint> addresses) {
    known_host const host("two-families.example", std::move(addresses));
    return connected_to(std::string("two-families.example:80"), {.attempt_delay = 10s});
  };
  CHECK(connected_to_one_of({dead_v6, first_v6.where(), first_v4.where(), second_v4.where()}) == first_v4.where());
  CHECK(connected_to_one_of({dead_v4, first_v4.where(), second_v4.where(), first_v6.where()}) == first_v6.where());
  CHECK(connected_to_one_of({dead_v6, first_v6.where(), second_v6.where(), dead_v4}) == first_v6.where());
  CHECK(connected_to_one_of({first_v6.where(), first_v4.where()}) == first_v6.where());
}

TEST_CASE("a list of endpoints is tried in the given order") {
  auto const v6 = raw_listener(endpoint::loopback_v6(0));
  auto const v4 = raw_listener(endpoint::loopback_v4(0));
  CHECK(connected_to(std::vector{endpoint::loopback_v6(1), v6.where(), v4.where()}, {.attempt_delay = 10s}) ==
        v6.where());
}

TEST_CASE("a connect without a timeout waits indefinitely") {
  black_hole const silent;
  complete([&]() -> task<> {
    auto const [stream, waited] = co_await when_any(tcp::connect(silent.where(), {.timeout = 0ms}), sleep_for(30ms));
    CHECK_FALSE(stream);
    CHECK(waited);
  });
}

TEST_CASE("a TCP connect that would connect to itself is refused") {
  auto const to = unused_endpoint();
  auto const before = open_descriptors();
  choosing_port const same(to.port(), 1'000);
  CHECK_THROWS_WITH(connected_to(to), "connect to " + to.to_string() + ": connection refused");
  CHECK(choosing_port::left() == 997);  // it is tried three times
  CHECK(open_descriptors() == before);
}

TEST_CASE("a connect that would connect to itself is retried and leaves the port free") {
  auto const to = unused_endpoint();
  std::optional<raw_socket> late;
  complete([&]() -> task<> {
    choosing_port const same(to.port(), 1);
    auto connecting = tcp::connect(to);
    auto const refused = co_await as_result(std::move(connecting));
    CHECK(choosing_port::left() == 0);
    CHECK(refused.error() == std::errc::connection_refused);  // from the second attempt, which used another port
    late = raw_listener(to);                                  // without SO_REUSEADDR
    auto const stream = co_await tcp::connect(to);
    CHECK(stream.remote_endpoint() == to);
  });
}

TEST_CASE("connecting to an empty list of endpoints is refused as an invalid argument") {
  CHECK_THROWS_AS(connected_to(std::vector<endpoint>{}), std::invalid_argument);
}

TEST_CASE("fault 07: on a host without IPv6, the IPv4 address of a peer is used") {
  auto const listener = raw_listener();
  without_ipv6 const host;
  auto const port = listener.where().port();
  CHECK(connected_to(std::vector{endpoint::loopback_v6(port), endpoint::loopback_v4(port)}) == listener.where());
}

TEST_CASE("a connect without a free descriptor fails with an error that names the peer") {
  auto const to = unused_endpoint();
  failing const socket(system_call::socket, EMFILE, 1);
  CHECK_THROWS_WITH(connected_to(to), "connect to " + to.to_string() + ": too many open files");
}

TEST_CASE("a connected stream reports the endpoints of both ends") {
  auto const listener = raw_listener();
  complete([&]() -> task<> {
    auto const stream = co_await tcp::connect(listener.where());
    CHECK(stream.remote_endpoint() == listener.where());
    CHECK(stream.local_endpoint().with_port(0) == endpoint::loopback_v4(0));
  });
}
