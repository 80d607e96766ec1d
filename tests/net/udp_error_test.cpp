// Errors of UDP sockets, their messages, and what still works afterwards.
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "datagrams.hpp"
#include "faulty_system.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("binding to an endpoint in use fails with an error that names the endpoint") {
  auto const first = bound_socket();
  auto const where = first.local_endpoint();
  CHECK(message_of([&] { static_cast<void>(udp::bind(where)); }) ==
        "bind " + where.to_string() + ": address already in use");
}

TEST_CASE("binding to an address of another host fails with an error that names the address") {
  CHECK(message_of([] { static_cast<void>(udp::bind("192.0.2.1:0")); }) ==
        "bind 192.0.2.1:0: cannot assign requested address");
}

TEST_CASE("a malformed text passed to bind is quoted in the error") {
  CHECK_THAT(message_of([] { static_cast<void>(udp::bind("nonsense")); }),
             ContainsSubstring("bind: ") && ContainsSubstring("\"nonsense\""));
  CHECK_THROWS_AS(udp::bind("127.0.0.1:70000"), error);
  CHECK_THROWS_AS(udp::bind("example.org:80"), error);
}

TEST_CASE("a malformed text passed to connect is quoted in the error") {
  for (std::string const text : {"nonsense", "127.0.0.1"}) {
    auto const message = message_of(
        [&] { complete([&]() -> task<> { static_cast<void>(co_await udp::connect(std::string_view(text))); }); });
    CHECK_THAT(message, ContainsSubstring("\"" + text + "\""));
  }
}

TEST_CASE("binding without a free descriptor fails and leaves nothing open") {
  auto const before = open_descriptors();
  {
    failing const none_left(system_call::socket, EMFILE, 1);
    CHECK(message_of([] { static_cast<void>(udp::bind("127.0.0.1:0")); }) == "bind 127.0.0.1:0: too many open files");
  }
  {
    failing const none_left(system_call::bind, EACCES, 1);
    CHECK(message_of([] { static_cast<void>(udp::bind("127.0.0.1:0")); }) == "bind 127.0.0.1:0: permission denied");
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("binding to IPv6 on a host without IPv6 fails with an error that names the address") {
  without_ipv6 const host;
  CHECK(message_of([] { static_cast<void>(udp::bind("[::1]:0")); }) ==
        "bind [::1]:0: address family not supported by protocol");
}

TEST_CASE("every operation on a default-constructed socket fails with errc::closed") {
  udp::socket socket;
  CHECK_FALSE(socket.is_open());
  CHECK_FALSE(socket.is_connected());
  CHECK(socket.native_handle() == -1);
  CHECK(socket.release() == -1);
  socket.close();
  udp::datagram_buffer buffer;
  udp::datagram const one{const_buffer("x"), endpoint::loopback_v4(1), false};
  complete([&]() -> task<> {
    char bytes[8];
    auto const recvfrom = co_await as_result(socket.recvfrom(bytes));
    CHECK(recvfrom.error() == errc::closed);
    CHECK(recvfrom.message() == "recvfrom: closed on this side");
    auto const recv = co_await as_result(socket.recv(bytes));
    CHECK(recv.message() == "recv: closed on this side");
    auto const sendto = co_await as_result(socket.sendto("x", endpoint::loopback_v4(1)));
    CHECK(sendto.message() == "sendto: closed on this side");
    auto const send = co_await as_result(socket.send("x"));
    CHECK(send.message() == "send: closed on this side");
    auto const recv_batch = co_await as_result(socket.recv_batch(buffer));
    CHECK(recv_batch.message() == "recv_batch: closed on this side");
    auto const send_batch = co_await as_result(socket.send_batch(std::span(&one, 1)));
    CHECK(send_batch.message() == "send_batch: closed on this side");
    CHECK(send_batch.error() == errc::closed);
  });
}

TEST_CASE("the other members of a closed socket fail with errc::closed") {
  udp::socket socket = bound_socket();
  socket.close();
  CHECK(message_of([&] { socket.connect(endpoint::loopback_v4(1)); }) == "connect: closed on this side");
  CHECK(message_of([&] { socket.disconnect(); }) == "disconnect: closed on this side");
  CHECK(message_of([&] { static_cast<void>(socket.local_endpoint()); }) == "local_endpoint: closed on this side");
  CHECK(message_of([&] { static_cast<void>(socket.remote_endpoint()); }) == "remote_endpoint: closed on this side");
  CHECK(message_of([&] { socket.receive_buffer_size(1); }) == "receive_buffer_size: closed on this side");
  CHECK(message_of([&] { static_cast<void>(socket.receive_buffer_size()); }) ==
        "receive_buffer_size: closed on this side");
  CHECK(message_of([&] { socket.send_buffer_size(1); }) == "send_buffer_size: closed on this side");
  CHECK(message_of([&] { static_cast<void>(socket.send_buffer_size()); }) == "send_buffer_size: closed on this side");
  CHECK(message_of([&] { socket.broadcast(true); }) == "broadcast: closed on this side");
  CHECK(message_of([&] { socket.ttl(1); }) == "ttl: closed on this side");
  CHECK(message_of([&] { static_cast<void>(socket.ttl()); }) == "ttl: closed on this side");
  CHECK(message_of([&] { socket.join_group(endpoint::parse("239.1.2.3:0")); }) == "join_group: closed on this side");
  CHECK(message_of([&] { socket.leave_group(endpoint::parse("239.1.2.3:0")); }) == "leave_group: closed on this side");
  CHECK(message_of([&] { socket.multicast_interface("lo"); }) == "multicast_interface: closed on this side");
  CHECK(message_of([&] { socket.multicast_ttl(1); }) == "multicast_ttl: closed on this side");
  CHECK(message_of([&] { socket.multicast_loopback(false); }) == "multicast_loopback: closed on this side");
}

TEST_CASE("sending to port 0 fails with an error that names the destination, and the socket remains usable") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  complete([&]() -> task<> {
    auto const refused = co_await as_result(sender.sendto("x", endpoint::loopback_v4(0)));
    CHECK(refused.error() == std::errc::invalid_argument);
    CHECK(refused.message() == "sendto 127.0.0.1:0: invalid argument");
    co_await sender.sendto("well", receiver.local_endpoint());
    auto const text = co_await receive_text(receiver);
    CHECK(text == "well");
  });
}

TEST_CASE("sending to an IPv6 endpoint from an IPv4 socket fails with an error that names the destination") {
  auto sender = bound_socket();
  complete([&]() -> task<> {
    auto const refused = co_await as_result(sender.sendto("x", endpoint::loopback_v6(9)));
    CHECK_FALSE(refused);
    CHECK_THAT(refused.message(), ContainsSubstring("sendto [::1]:9: "));
  });
}

TEST_CASE("send on a socket that is not connected fails") {
  auto sender = bound_socket();
  complete([&]() -> task<> {
    auto const refused = co_await as_result(sender.send("x"));
    CHECK(refused.error() == std::errc::destination_address_required);
    CHECK(refused.message() == "send to (not connected): destination address required");
  });
}

TEST_CASE("remote_endpoint of a socket that is not connected fails") {
  auto const socket = bound_socket();
  CHECK(message_of([&] { static_cast<void>(socket.remote_endpoint()); }) ==
        "remote_endpoint: transport endpoint is not connected");
}

TEST_CASE("sending to a broadcast address is refused until broadcast is enabled") {
  auto sender = udp::bind(endpoint::any_v4(0));
  auto const everyone = endpoint::parse("255.255.255.255:9");
  complete([&]() -> task<> {
    auto const refused = co_await as_result(sender.sendto("x", everyone));
    if (refused.error() == std::errc::network_unreachable) {
      WARN("skipped: this host has no way to broadcast");
      co_return;
    }
    CHECK(refused.error() == std::errc::permission_denied);
    CHECK(refused.message() == "sendto 255.255.255.255:9: permission denied");
  });
  sender.broadcast(true);
  int on = 0;
  socklen_t size = sizeof on;
  CHECK(::getsockopt(sender.native_handle(), SOL_SOCKET, SO_BROADCAST, &on, &size) == 0);
  CHECK(on == 1);
}

TEST_CASE("a broadcast on the loopback interface is received once broadcast is enabled") {
  auto receiver = udp::bind(endpoint::any_v4(0));
  auto sender = bound_socket();
  auto const everyone = endpoint::parse("127.255.255.255:0").with_port(receiver.local_endpoint().port());
  complete([&]() -> task<> {
    auto const refused = co_await as_result(sender.sendto("x", everyone));
    CHECK(refused.error() == std::errc::permission_denied);
    sender.broadcast(true);
    co_await sender.sendto("to all", everyone);
    auto const text = co_await receive_text(receiver);
    CHECK(text == "to all");
  });
}

TEST_CASE("fault 37: an ICMP refusal fails one recv of a connected socket, which works when the peer is back") {
  auto socket = bound_socket();
  auto const peer = unused_udp_endpoint();
  socket.connect(peer);
  complete([&]() -> task<> {
    co_await socket.send("is anyone there?");
    char buffer[16];
    auto const refused = co_await as_result(socket.recv(buffer));
    CHECK(refused.error() == std::errc::connection_refused);
    CHECK(refused.message() == "recv from " + peer.to_string() + ": connection refused");

    auto peer_again = udp::bind(peer);
    co_await socket.send("and now?");
    auto const question = co_await receive(peer_again);
    CHECK(question.text == "and now?");
    co_await peer_again.sendto("yes", question.from);
    auto const [size, truncated] = co_await socket.recv(buffer);
    CHECK(std::string(buffer, size) == "yes");
  });
}

TEST_CASE("fault 37: an ICMP refusal ends a waiting recv") {
  auto socket = bound_socket();
  auto const peer = unused_udp_endpoint();
  socket.connect(peer);
  complete([&]() -> task<> {
    auto ask = [&]() -> task<> {
      co_await turns(4);
      co_await socket.send("is anyone there?");
    };
    udp::datagram_buffer buffer;
    auto const [refused, asked] = co_await when_all(as_result(socket.recv_batch(buffer)), ask());
    CHECK(refused.error() == std::errc::connection_refused);
    CHECK(refused.message() == "recv from " + peer.to_string() + ": connection refused");
  });
}

TEST_CASE("fault 37: an ICMP refusal fails one send of a connected socket and no more") {
  auto socket = bound_socket();
  auto const peer = unused_udp_endpoint();
  socket.connect(peer);
  complete([&]() -> task<> {
    co_await socket.send("is anyone there?");
    auto peer_again = udp::bind(peer);
    auto const refused = co_await as_result(socket.send("not sent"));
    CHECK(refused.error() == std::errc::connection_refused);
    CHECK(refused.message() == "send to " + peer.to_string() + ": connection refused");
    co_await socket.send("sent");
    auto const text = co_await receive_text(peer_again);
    CHECK(text == "sent");
  });
}

TEST_CASE("fault 37: an ICMP refusal fails one send_batch of a connected socket, which reports the datagrams sent") {
  auto socket = bound_socket();
  auto const peer = unused_udp_endpoint();
  socket.connect(peer);
  std::vector<std::string> const texts{"0", "one", "three", "fifteen"};  // of different sizes, so not coalesced
  complete([&]() -> task<> {
    co_await socket.send("is anyone there?");
    auto peer_again = udp::bind(peer);
    auto const refused = co_await as_result(socket.send_batch(addressed_to(peer, texts)));
    CHECK(refused.error() == std::errc::connection_refused);
    CHECK(refused.message() == "send to " + peer.to_string() + ": connection refused");
    CHECK(transferred_by(refused) == 3);
    auto const arrived = co_await receive_texts(peer_again, 3);
    CHECK(arrived == std::vector<std::string>{"one", "three", "fifteen"});
  });
}

TEST_CASE("fault 37: ICMP refusals of datagrams from an unconnected socket do not affect its recvfrom") {
  auto socket = bound_socket();
  auto other = bound_socket();
  complete([&]() -> task<> {
    auto send = [&]() -> task<> {
      co_await turns(3);
      co_await socket.sendto("lost", unused_udp_endpoint());
      co_await turns(5);
      co_await socket.sendto("lost, too", unused_udp_endpoint());
      co_await other.sendto("here I am", socket.local_endpoint());
    };
    auto receive_one = [&]() -> task<> {
      auto const came = co_await receive(socket);
      CHECK(came.text == "here I am");
    };
    co_await when_all(receive_one(), send());
  });
}

TEST_CASE("fault 37: ICMP refusals received while a socket was connected do not affect it after a disconnect") {
  auto socket = bound_socket();
  auto other = bound_socket();
  socket.connect(unused_udp_endpoint());
  complete([&]() -> task<> {
    co_await socket.send("is anyone there?");
    socket.disconnect();
    auto const sent = co_await as_result(socket.sendto("to someone else", other.local_endpoint()));
    CHECK(sent.message() == "");
    if (!sent) co_return;
    auto const text = co_await receive_text(other);
    CHECK(text == "to someone else");
  });
}

TEST_CASE("interrupted system calls are retried") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  udp::datagram_buffer buffer;
  std::vector<std::string> const texts{"two", "three"};
  complete([&]() -> task<> {
    {
      failing const interrupted(system_call::sendto, EINTR, 3);
      co_await sender.sendto("one", receiver.local_endpoint());
      CHECK(failing::left() == 0);
    }
    {
      failing const interrupted(system_call::recvfrom, EINTR, 3);
      auto const text = co_await receive_text(receiver);
      CHECK(text == "one");
      CHECK(failing::left() == 0);
    }
    {
      failing const interrupted(system_call::sendmmsg, EINTR, 3);
      co_await sender.send_batch(addressed_to(receiver.local_endpoint(), texts));
      CHECK(failing::left() == 0);
    }
    failing const interrupted(system_call::recvmmsg, EINTR, 3);
    auto const came = co_await receive_batches(receiver, buffer, 2);
    CHECK(texts_of(came) == texts);
    CHECK(failing::left() == 0);
  });
}
