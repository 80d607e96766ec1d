// resolve: which texts are accepted as hosts, ports and addresses.
#include <strait/net/resolve.hpp>

#include <string>
#include <vector>

#include "catch.hpp"
#include "faulty_names.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<endpoint> look_up(std::string host_and_port) {
  return complete([&] { return resolve(host_and_port); });
}

std::vector<endpoint> look_up(std::string host, std::string service) {
  return complete([&] { return resolve(host, service); });
}

}  // namespace

TEST_CASE("a name without a port or a port without a name is refused") {
  auto const text = GENERATE(as<std::string>(), "", "localhost", "localhost:", "[::1]", "[::1]:");
  CHECK_THROWS_WITH(look_up(text), "resolve \"" + text + "\": the port is missing; expected host:port");
  CHECK_THROWS_WITH(look_up(":80"), "resolve :80: the host is empty");
}

TEST_CASE("a port consists of digits only and a service is a single word") {
  auto const service = GENERATE(as<std::string>(), "", " 80", "80 ", "+80", "-80", "\t80", "\n80", " 65616", "+65616",
                                "-65456", "65536", "18446744073709551696", "*", " http", "http ", "ht tp");
  auto const host = GENERATE(as<std::string>(), "127.0.0.1", "localhost");
  INFO(service);
  auto const before = lookups_made();
  CHECK_THROWS_WITH(look_up(host, service), "resolve " + host + ":" + service +
                                                ": the port is neither a number from 0 to 65535 nor a service name");
  CHECK(lookups_made() == before);
}

TEST_CASE("a host or a service with an embedded NUL is refused") {
  using namespace std::string_literals;
  auto const before = lookups_made();
  CHECK_THROWS_WITH(look_up("localhost\0.trusted.example"s, "80"),
                    "resolve localhost\\0.trusted.example:80: the host contains a NUL character");
  CHECK_THROWS_WITH(look_up("127.0.0.1\0"s, "80"), "resolve 127.0.0.1\\0:80: the host contains a NUL character");
  CHECK_THROWS_WITH(look_up("localhost"s, "80\0 or not"s),
                    "resolve localhost:80\\0 or not: the port contains a NUL character");
  CHECK_THROWS_WITH(look_up("localhost"s, "http\0"s), "resolve localhost:http\\0: the port contains a NUL character");
  CHECK_THROWS_WITH(look_up("localhost\0:80"s), "resolve localhost\\0:80: the host contains a NUL character");
  CHECK(lookups_made() == before);
}

TEST_CASE("a text that only the system's resolver takes for an address is refused") {
  auto const host = GENERATE(as<std::string>(), "*", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "127.0.0.1 x",
                             "::1%no-such-interface", "[::1]", "1:2:3");
  auto const before = lookups_made();
  CHECK_THROWS_WITH(look_up(host, "80"), "resolve " + host + ":80: the host is neither a name nor a numeric address");
  CHECK(lookups_made() == before);
}

TEST_CASE("resolve and endpoint::parse accept the same texts as addresses") {
  auto const text =
      GENERATE(as<std::string>(), "127.0.0.1:80", "[::1]:80", "[fe80::1%lo]:80", "[::ffff:127.0.0.1]:80",
               "127.0.0.1:0080", "::1:80", "2001:db8::1:443", "[::1]", "[::1]:80:81", "[localhost]:80",
               "[127.0.0.1]:80", "[::1:80", "::1]:80", "127.0.0.1:80:90", "127.1:80", "[::1]:65536", "127.0.0.1: 80");
  INFO(text);
  auto const before = lookups_made();
  if (auto const parsed = endpoint::try_parse(text)) CHECK(look_up(text) == std::vector{*parsed});
  else CHECK_THROWS_AS(look_up(text), error);
  CHECK(lookups_made() == before);
}

TEST_CASE("an IPv6 address without brackets is refused with the correct form in the error") {
  CHECK_THROWS_WITH(look_up("2001:db8::1:443"), ContainsSubstring("write an IPv6 address in brackets: [::1]:5000"));
}
