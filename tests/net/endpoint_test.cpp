// endpoint: an address and a port, as a value and as text.
#include <strait/net/endpoint.hpp>

#include <string>
#include <unordered_set>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include <strait/base/error.hpp>

#include "catch.hpp"
#include "faulty_names.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// [fe80::1]:22 on the interface with this index.
endpoint with_scope(std::uint32_t index) {
  sockaddr_in6 system{};
  endpoint::parse("[fe80::1]:22").to_sockaddr(&system);
  system.sin6_scope_id = index;
  return endpoint::from_sockaddr(&system, sizeof system);
}

}  // namespace

static_assert(endpoint().is_v4() && endpoint().port() == 0);
static_assert(endpoint::any_v4(1) == endpoint().with_port(1));
static_assert(endpoint::any_v6(80).is_v6() && !endpoint::any_v6(80).is_v4());
static_assert(endpoint::loopback_v6(80) == endpoint::loopback_v6(0).with_port(80));
static_assert(endpoint::loopback_v4(80) < endpoint::loopback_v6(80));

TEST_CASE("the text of an endpoint can be parsed to the same endpoint") {
  auto const text = GENERATE(as<std::string>(), "0.0.0.0:0", "127.0.0.1:5000", "255.255.255.255:65535", "[::]:0",
                             "[::1]:5000", "[2001:db8::ff00:42:8329]:443", "[fe80::1%4000000]:22");
  CHECK(endpoint::parse(text).to_string() == text);
}

TEST_CASE("an endpoint is printed in its shortest form") {
  CHECK(endpoint::parse("[2001:0DB8:0:0:0:0:0:1]:0080").to_string() == "[2001:db8::1]:80");
}

TEST_CASE("localhost is 127.0.0.1") { CHECK(endpoint::parse("localhost:5000") == endpoint::loopback_v4(5000)); }

TEST_CASE("a scope is parsed and printed with the name of its interface") {
  auto const loopback = if_nametoindex("lo");
  if (loopback == 0) return;  // the loopback interface has another name on this system
  auto const named = endpoint::parse("[fe80::1%lo]:22");
  CHECK(named == endpoint::parse(fmt::format("[fe80::1%{}]:22", loopback)));
  CHECK(named.to_string() == "[fe80::1%lo]:22");
  CHECK(named != endpoint::parse("[fe80::1]:22"));
}

TEST_CASE("a scope whose interface name is a number is printed and parsed correctly") {
  known_interface const seven("7", 4'000'001);
  CHECK(endpoint::parse("[fe80::1%7]:22") == with_scope(4'000'001));
  CHECK(with_scope(4'000'001).to_string() == "[fe80::1%7]:22");
  CHECK(endpoint::parse(with_scope(4'000'001).to_string()) == with_scope(4'000'001));
}

TEST_CASE("a scope whose index equals the name of another interface is printed and parsed correctly") {
  known_interface const named("4000002", 4'000'001);
  CHECK(endpoint::parse("[fe80::1%4000002]:22") == with_scope(4'000'001));
  CHECK(endpoint::parse(with_scope(4'000'002).to_string()) == with_scope(4'000'002));
}

TEST_CASE("an IPv4-mapped IPv6 address is converted to the IPv4 address") {
  auto const v4 = endpoint::parse("192.0.2.1:80");
  auto const mapped = endpoint::parse(
      GENERATE(as<std::string>(), "[::ffff:192.0.2.1]:80", "[::FFFF:c000:201]:80", "[0:0:0:0:0:ffff:c000:0201]:80"));
  CHECK(mapped == v4);
  CHECK(mapped.is_v4());
  CHECK(std::hash<endpoint>()(mapped) == std::hash<endpoint>()(v4));
  CHECK(mapped.to_string() == "192.0.2.1:80");
  CHECK(mapped.address() == "192.0.2.1");
  CHECK(endpoint::from_address("::ffff:192.0.2.1", 80) == v4);
}

TEST_CASE("an IPv4-mapped address in a sockaddr is converted to the IPv4 address") {
  sockaddr_in6 system{};
  system.sin6_family = AF_INET6;
  system.sin6_port = htons(80);
  system.sin6_scope_id = 7;  // an IPv4 address has no scope
  ::inet_pton(AF_INET6, "::ffff:192.0.2.1", &system.sin6_addr);
  CHECK(endpoint::from_sockaddr(&system, sizeof system) == endpoint::parse("192.0.2.1:80"));
}

TEST_CASE("an IPv6 address that only resembles an IPv4-mapped one is not converted") {
  auto const text = GENERATE(as<std::string>(), "[::192.0.2.1]:80", "[::fffe:192.0.2.1]:80", "[1::ffff:192.0.2.1]:80",
                             "[64:ff9b::192.0.2.1]:80", "[::ffff:0:192.0.2.1]:80");
  CHECK(endpoint::parse(text).is_v6());
}

TEST_CASE("a text that is not an endpoint is refused") {
  auto const text =
      GENERATE(as<std::string>(), "", ":", "127.0.0.1", "127.0.0.1:", ":5000", "127.0.0.1:65536", "127.0.0.1:-1",
               "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1 ", " 127.0.0.1:1", "127.0.0.1:0x50", "127.0.0.1:http",
               "127.0.0.1:99999999999999999999", "127.0.0.1:80:90", "[::1]:80:90", "127.1:80", "127.0.0:1",
               "127.0.0.256:1", "1.2.3.4.5:1", "example.org:80", "LOCALHOST.:80", "[]:1", "[::1]", "[::1]1", "[::1:1",
               "::1]:1", "::1:5000", "[127.0.0.1]:80", "[localhost]:80", "[::1%]:80", "[::1%no-such-interface]:80",
               "[::ffff:192.0.2.1%1]:80", "127.0.0.1%1:80", "127.0.0.1%0:80", "[1:2:3:4:5:6:7:8:9]:80", "[::g]:80",
               "\xff\xfe:80", "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1");
  INFO(text);
  CHECK_FALSE(endpoint::try_parse(text));
  CHECK_THROWS_AS(endpoint::parse(text), error);
}

TEST_CASE("a text with an embedded NUL is refused") {
  using namespace std::string_literals;
  CHECK_FALSE(endpoint::try_parse("127.0.0.1\0.evil.example:80"s));
  CHECK_FALSE(endpoint::try_parse("[::1\0]:80"s));
  CHECK_FALSE(endpoint::try_parse("[::1%lo\0]:80"s));
  CHECK_FALSE(endpoint::try_parse("127.0.0.1:80\0"s));
  CHECK_THROWS_WITH(
      endpoint::parse("127.0.0.1\0.evil.example:80"s),
      "bad endpoint \"127.0.0.1\\0.evil.example:80\": the host is neither a numeric address nor localhost");
}

TEST_CASE("the error for a refused endpoint quotes the text and states what is wrong") {
  CHECK_THROWS_WITH(endpoint::parse("127.0.0.1"),
                    "bad endpoint \"127.0.0.1\": the port is missing; expected host:port");
  CHECK_THROWS_WITH(endpoint::parse("127.0.0.1:65536"),
                    "bad endpoint \"127.0.0.1:65536\": the port is not a number from 0 to 65535");
  CHECK_THROWS_WITH(endpoint::parse("example.org:80"), ContainsSubstring("neither a numeric address nor localhost"));
  CHECK_THROWS_WITH(endpoint::parse("::1:5000"), ContainsSubstring("in brackets: [::1]:5000"));
}

TEST_CASE("the error for a refused endpoint is an invalid argument") {
  try {
    static_cast<void>(endpoint::parse("nonsense"));
    FAIL("nothing was thrown");
  } catch (error const& e) {
    CHECK(e.code() == std::errc::invalid_argument);
  }
}

TEST_CASE("from_address parses an address without a port") {
  CHECK(endpoint::from_address("127.0.0.1", 7) == endpoint::loopback_v4(7));
  CHECK(endpoint::from_address("::1", 7) == endpoint::loopback_v6(7));
  CHECK_FALSE(endpoint::from_address("[::1]", 7));
  CHECK_FALSE(endpoint::from_address("localhost", 7));
  CHECK_FALSE(endpoint::from_address("", 7));
}

TEST_CASE("endpoints are ordered by version, address and port") {
  auto const v4 = endpoint::parse("10.0.0.1:80");
  CHECK(v4 < endpoint::parse("10.0.0.2:79"));
  CHECK(v4 < endpoint::parse("10.0.0.1:81"));
  CHECK(v4 < endpoint::parse("[::]:0"));
  CHECK(v4 == endpoint::parse("10.0.0.1:80"));
}

TEST_CASE("equal endpoints have equal hashes and different endpoints rarely do") {
  std::unordered_set<std::size_t> hashes;
  std::hash<endpoint> const hash;
  for (int port = 0; port != 1000; ++port) {
    auto const number = static_cast<std::uint16_t>(port);
    hashes.insert(hash(endpoint::loopback_v4(number)));
    hashes.insert(hash(endpoint::loopback_v6(number)));
  }
  CHECK(hashes.size() == 2000);
  CHECK(hash(endpoint::parse("[fe80::1%7]:1")) == hash(endpoint::parse("[fe80::1%7]:1")));
}

TEST_CASE("an endpoint can be formatted with string format specifiers") {
  CHECK(fmt::format("<{}>", endpoint::loopback_v4(80)) == "<127.0.0.1:80>");
  CHECK(fmt::format("<{:>14}>", endpoint::loopback_v4(80)) == "<  127.0.0.1:80>");
  CHECK(fmt::format("<{:*<10}>", endpoint::loopback_v6(80)) == "<[::1]:80**>");
}

TEST_CASE("an endpoint survives the conversion to a sockaddr and back") {
  auto const original =
      endpoint::parse(GENERATE(as<std::string>(), "192.0.2.1:65535", "[2001:db8::1]:1", "[fe80::1%9]:0"));
  sockaddr_storage system{};
  auto const length = original.to_sockaddr(&system);
  CHECK(length == (original.is_v4() ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)));
  CHECK(endpoint::from_sockaddr(&system, length) == original);
}

TEST_CASE("an address that is not an IP address becomes 0.0.0.0:0") {
  sockaddr const foreign{AF_UNIX, "/tmp/there"};
  CHECK(endpoint::from_sockaddr(&foreign, sizeof foreign) == endpoint());
}
