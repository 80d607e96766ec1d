#include "source_network.hpp"

#include <string_view>

#include "catch.hpp"

namespace {

source_network network_of(std::string_view sender) { return ::network_of(strait::endpoint::parse(sender)); }

}  // namespace

TEST_CASE("source_network: each IPv4 address is a source, with all of its ports") {
  CHECK(network_of("192.0.2.1:1") == network_of("192.0.2.1:65535"));
  CHECK(network_of("192.0.2.1:1") != network_of("192.0.2.2:1"));
  CHECK(network_of("192.0.2.1:1") != network_of("193.0.2.1:1"));
}

TEST_CASE("source_network: an IPv6 /64 is one source") {
  CHECK(network_of("[2001:db8:1:2:3:4:5:6]:1") == network_of("[2001:db8:1:2:ffff::1]:2"));
  CHECK(network_of("[2001:db8:1:2::1]:1") != network_of("[2001:db8:1:3::1]:1"));
  CHECK(network_of("[2001:db8:1:2::1]:1") != network_of("[2002:db8:1:2::1]:1"));
}

TEST_CASE("source_network: IPv4-mapped addresses are treated as IPv4 addresses") {
  CHECK(network_of("[::ffff:192.0.2.1]:1") == network_of("192.0.2.1:1"));
  CHECK(network_of("[::ffff:192.0.2.1]:1") != network_of("[::ffff:192.0.2.2]:1"));
  CHECK(network_of("[::ffff:192.0.2.1]:1") != network_of("[::1]:1"));
}
