// Options of UDP sockets: buffer sizes, hop limits, multicast groups, shared ports.
#include <optional>
#include <string>
#include <vector>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "catch.hpp"
#include "datagrams.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

int option_of(udp::socket const& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  if (::getsockopt(socket.native_handle(), level, name, &value, &size) != 0) fail_with_errno("getsockopt");
  return value;
}

constexpr udp::bind_options shared_address{.reuse_address = true};

endpoint group_at(std::uint16_t port) { return endpoint::parse("239.255.77.77:0").with_port(port); }

/// A socket that sends to multicast groups on the loopback interface.
udp::socket group_sender() {
  auto made = udp::bind("127.0.0.1:0");
  made.multicast_interface("lo");
  return made;
}

/// Sends to the group. Returns false, and prints a warning, if this host has no multicast.
task<bool> sends_to(udp::socket& sender, std::string text, endpoint group) {
  auto const sent = co_await as_result(sender.sendto(text, group));
  if (!sent) WARN("skipped: " << sent.message());
  co_return bool(sent);
}

}  // namespace

TEST_CASE("the kernel's buffers have at least the requested size") {
  auto socket = udp::bind("127.0.0.1:0");
  socket.receive_buffer_size(50'000);
  CHECK(socket.receive_buffer_size() >= 50'000);
  socket.send_buffer_size(60'000);
  CHECK(socket.send_buffer_size() >= 60'000);
}

TEST_CASE("a negative buffer size is refused although the kernel takes it for a very large one") {
  auto socket = udp::bind("127.0.0.1:0");
  auto const before = socket.receive_buffer_size();
  CHECK(message_of([&] { socket.receive_buffer_size(-1); }) == "receive_buffer_size: invalid argument");
  CHECK(message_of([&] { socket.send_buffer_size(-1); }) == "send_buffer_size: invalid argument");
  CHECK(socket.receive_buffer_size() == before);
}

TEST_CASE("the hop limit can be set and queried") {
  auto socket = udp::bind("127.0.0.1:0");
  CHECK(socket.ttl() > 0);
  socket.ttl(3);
  CHECK(socket.ttl() == 3);
  CHECK(message_of([&] { socket.ttl(0); }) == "ttl: invalid argument");
  CHECK(message_of([&] { socket.ttl(256); }) == "ttl: invalid argument");
  CHECK(socket.ttl() == 3);
}

TEST_CASE("a negative hop limit is refused although the kernel takes -1 for its default") {
  auto socket = udp::bind("127.0.0.1:0");
  socket.ttl(3);
  CHECK(message_of([&] { socket.ttl(-1); }) == "ttl: invalid argument");
  CHECK(message_of([&] { socket.multicast_ttl(-1); }) == "multicast_ttl: invalid argument");
  CHECK(socket.ttl() == 3);
}

TEST_CASE("an interface name with an embedded NUL is refused") {
  using namespace std::string_literals;
  auto socket = udp::bind("127.0.0.1:0");
  CHECK(message_of([&] { socket.multicast_interface("lo\0x"s); }) == "multicast_interface on lo\\0x: no such device");
}

TEST_CASE("the options of an IPv6 socket also apply to the IPv4 datagrams that it sends") {
  if (!has_ipv6()) {
    WARN("skipped: this host has no IPv6");
    return;
  }
  auto socket = udp::bind("[::]:0");
  socket.ttl(7);
  socket.multicast_ttl(0);
  socket.multicast_loopback(false);
  socket.multicast_interface("lo");
  CHECK(option_of(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 7);
  CHECK(option_of(socket, IPPROTO_IP, IP_TTL) == 7);
  CHECK(option_of(socket, IPPROTO_IPV6, IPV6_MULTICAST_HOPS) == 0);
  CHECK(option_of(socket, IPPROTO_IP, IP_MULTICAST_TTL) == 0);
  CHECK(option_of(socket, IPPROTO_IPV6, IPV6_MULTICAST_LOOP) == 0);
  CHECK(option_of(socket, IPPROTO_IP, IP_MULTICAST_LOOP) == 0);
  CHECK(option_of(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF) == static_cast<int>(::if_nametoindex("lo")));
  CHECK_NOTHROW(udp::bind("[::]:0", {.v6_only = true}).ttl(7));
}

TEST_CASE("the hop limit can be set for IPv6") {
  if (!has_ipv6()) {
    WARN("skipped: this host has no IPv6");
    return;
  }
  auto socket = udp::bind("[::1]:0");
  socket.ttl(5);
  CHECK(socket.ttl() == 5);
}

TEST_CASE("a member of a group receives datagrams to the group until it leaves") {
  auto member = udp::bind(endpoint::any_v4(0), shared_address);
  auto sender = group_sender();
  auto const port = member.local_endpoint().port();
  auto elsewhere = udp::bind(endpoint::any_v4(0));
  elsewhere.join_group(group_at(0), "lo");  // so that the host remains a member
  member.join_group(group_at(0), "lo");
  complete([&]() -> task<> {
    if (!co_await sends_to(sender, "to the group", group_at(port))) co_return;
    auto const came = co_await receive(member);
    CHECK(came.text == "to the group");
    CHECK(came.from.port() == sender.local_endpoint().port());
    member.leave_group(group_at(0), "lo");
    co_await sender.sendto("to those who are left", group_at(port));
    co_await sender.sendto("marker", endpoint::loopback_v4(port));
    auto const next = co_await receive_text(member);
    CHECK(next == "marker");
  });
}

TEST_CASE("a socket that has joined no group receives no datagrams to a group") {
  auto stranger = udp::bind(endpoint::any_v4(0), shared_address);
  auto const port = stranger.local_endpoint().port();
  auto member = udp::bind(endpoint::any_v4(port), shared_address);
  member.join_group(group_at(0), "lo");
  auto sender = group_sender();
  complete([&]() -> task<> {
    if (!co_await sends_to(sender, "to the group", group_at(port))) co_return;
    auto const came = co_await receive_text(member);
    CHECK(came == "to the group");
    member.close();
    co_await sender.sendto("marker", endpoint::loopback_v4(port));
    auto const next = co_await receive_text(stranger);
    CHECK(next == "marker");
  });
}

TEST_CASE("two members on the same port both receive") {
  auto one = udp::bind(endpoint::any_v4(0), shared_address);
  auto const port = one.local_endpoint().port();
  auto other = udp::bind(endpoint::any_v4(port), shared_address);
  auto sender = group_sender();
  one.join_group(group_at(0), "lo");
  other.join_group(group_at(0), "lo");
  complete([&]() -> task<> {
    if (!co_await sends_to(sender, "to all", group_at(port))) co_return;
    auto const first = co_await receive_text(one);
    CHECK(first == "to all");
    auto const second = co_await receive_text(other);
    CHECK(second == "to all");
  });
}

TEST_CASE("without multicast_loopback, the members on this host receive nothing") {
  auto member = udp::bind(endpoint::any_v4(0), shared_address);
  auto sender = group_sender();
  auto const port = member.local_endpoint().port();
  member.join_group(group_at(0), "lo");
  complete([&]() -> task<> {
    if (!co_await sends_to(sender, "heard", group_at(port))) co_return;
    sender.multicast_loopback(false);
    co_await sender.sendto("not heard", group_at(port));
    sender.multicast_loopback(true);
    co_await sender.sendto("heard again", group_at(port));
    auto const came = co_await receive_texts(member, 2);
    // On "lo" itself, datagrams are always looped back, and with multicast_loopback they arrive twice.
    if (came[1] != "heard again") WARN("skipped: the loopback interface of this host returns sent datagrams");
  });
}

TEST_CASE("the hop limit for groups is in the range from 0 to 255") {
  auto sender = group_sender();
  auto member = udp::bind(endpoint::any_v4(0), shared_address);
  member.join_group(group_at(0), "lo");
  sender.multicast_ttl(255);
  CHECK(message_of([&] { sender.multicast_ttl(256); }) == "multicast_ttl: invalid argument");
  sender.multicast_ttl(0);  // limits datagrams to this host
  complete([&]() -> task<> {
    if (!co_await sends_to(sender, "near", group_at(member.local_endpoint().port()))) co_return;
    auto const text = co_await receive_text(member);
    CHECK(text == "near");
  });
}

TEST_CASE("joining an address that is not a group is reported as a clear error") {
  auto socket = udp::bind(endpoint::any_v4(0));
  CHECK(message_of([&] { socket.join_group(endpoint::loopback_v4(0)); }) ==
        "join group 127.0.0.1: not a multicast address");
  CHECK(message_of([&] { socket.leave_group(endpoint::loopback_v6(0)); }) ==
        "leave group ::1: not a multicast address");
}

TEST_CASE("an interface that does not exist is reported as a clear error") {
  auto socket = udp::bind(endpoint::any_v4(0));
  CHECK(message_of([&] { socket.join_group(group_at(0), "nowhere0"); }) ==
        "join group 239.255.77.77 on nowhere0: no such device");
  CHECK(message_of([&] { socket.leave_group(group_at(0), "nowhere0"); }) ==
        "leave group 239.255.77.77 on nowhere0: no such device");
  CHECK(message_of([&] { socket.multicast_interface("nowhere0"); }) ==
        "multicast_interface on nowhere0: no such device");
}

TEST_CASE("joining a group twice or leaving one that was not joined fails with an error that names the group") {
  auto socket = udp::bind(endpoint::any_v4(0));
  socket.join_group(group_at(0), "lo");
  CHECK(message_of([&] { socket.join_group(group_at(0), "lo"); }) ==
        "join group 239.255.77.77: address already in use");
  socket.leave_group(group_at(0), "lo");
  CHECK(message_of([&] { socket.leave_group(group_at(0), "lo"); }) ==
        "leave group 239.255.77.77: cannot assign requested address");
}

TEST_CASE("a member of an IPv6 group receives datagrams to the group") {
  if (!has_ipv6()) {
    WARN("skipped: this host has no IPv6");
    return;
  }
  auto member = udp::bind(endpoint::any_v6(0), shared_address);
  auto sender = udp::bind(endpoint::any_v6(0));
  auto const group = endpoint::parse("[ff02::7777%lo]:0");
  auto const joined = message_of([&] {
    member.join_group(group, "lo");
    sender.multicast_interface("lo");
    sender.multicast_ttl(1);
    sender.multicast_loopback(true);
  });
  if (joined != "nothing was thrown") {
    WARN("skipped: " << joined);
    return;
  }
  complete([&]() -> task<> {
    auto const port = member.local_endpoint().port();
    if (!co_await sends_to(sender, "to the group", group.with_port(port))) co_return;
    auto const text = co_await receive_text(member);
    CHECK(text == "to the group");
    member.leave_group(group, "lo");
    co_await sender.sendto("to those who are left", group.with_port(port));
    co_await sender.sendto("marker", endpoint::loopback_v6(port));
    auto const next = co_await receive_text(member);
    CHECK(next == "marker");
  });
}

TEST_CASE("sockets with reuse_port share a port and each datagram reaches exactly one of them") {
  auto one = udp::bind("127.0.0.1:0", {.reuse_port = true});
  auto const where = one.local_endpoint();
  auto other = udp::bind(where, {.reuse_port = true});
  constexpr int senders = 40;
  complete([&]() -> task<> {
    std::vector<bool> arrived(senders);
    int count = 0;
    auto receive_on = [&](udp::socket& socket) -> task<> {
      for (;;) {
        auto const text = co_await receive_text(socket);
        auto const number = static_cast<std::size_t>(std::stoi(text));
        CHECK_FALSE(arrived[number]);
        arrived[number] = true;
        if (++count == senders) break;
      }
    };
    auto send = [&]() -> task<> {
      for (int i = 0; i != senders; ++i) raw_send(raw_datagram_socket(), std::to_string(i), where);
      co_return;
    };
    auto receive_all = [&]() -> task<> { static_cast<void>(co_await when_any(receive_on(one), receive_on(other))); };
    co_await when_all(receive_all(), send());
    CHECK(count == senders);
  });
}

TEST_CASE("without reuse_port, a port cannot be shared") {
  auto one = udp::bind("127.0.0.1:0", {.reuse_port = true});
  CHECK_THROWS_AS(udp::bind(one.local_endpoint()), error);
}
