// A UDP socket as an object: connecting, descriptors, moves, loops.
#include <optional>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "datagrams.hpp"
#include "faulty_system.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a connected socket receives only from its peer") {
  auto socket = bound_socket();
  auto peer = bound_socket();
  auto stranger = bound_socket();
  socket.connect(peer.local_endpoint());
  CHECK(socket.is_connected());
  complete([&]() -> task<> {
    co_await stranger.sendto("let me in", socket.local_endpoint());
    co_await peer.sendto("hello", socket.local_endpoint());
    auto const came = co_await receive(socket);
    CHECK(came.text == "hello");
    CHECK(came.from == peer.local_endpoint());
  });
}

TEST_CASE("a connected socket reports both of its endpoints") {
  auto peer = bound_socket();
  auto socket = udp::bind(endpoint::any_v4(0));
  socket.connect(peer.local_endpoint());
  CHECK(socket.remote_endpoint() == peer.local_endpoint());
  CHECK(socket.local_endpoint().address() == "127.0.0.1");
}

TEST_CASE("a connected socket sends to its peer with send and to others with sendto") {
  auto [socket, peer] = connected_sockets();
  auto other = bound_socket();
  complete([&]() -> task<> {
    co_await socket.send("to the peer");
    co_await socket.sendto("to another", other.local_endpoint());
    auto const first = co_await receive_text(peer);
    CHECK(first == "to the peer");
    auto const second = co_await receive(other);
    CHECK(second.text == "to another");
    CHECK(second.from == socket.local_endpoint());
  });
}

TEST_CASE("a connected socket can be connected to another peer") {
  auto socket = bound_socket();
  auto first = bound_socket();
  auto second = bound_socket();
  socket.connect(first.local_endpoint());
  socket.connect(second.local_endpoint());
  complete([&]() -> task<> {
    co_await first.sendto("from the first", socket.local_endpoint());
    co_await second.sendto("from the second", socket.local_endpoint());
    auto const text = co_await receive_text(socket);
    CHECK(text == "from the second");
    co_await socket.send("to the second");
    auto const answer = co_await receive_text(second);
    CHECK(answer == "to the second");
  });
}

TEST_CASE("a connect that fails leaves the socket unconnected") {
  auto socket = bound_socket();
  auto const message = message_of([&] { socket.connect(endpoint::loopback_v6(9)); });
  CHECK_THAT(message, ContainsSubstring("connect to [::1]:9: "));
  CHECK_FALSE(socket.is_connected());
}

TEST_CASE("a socket that is disconnected keeps its port and receives from every sender again") {
  auto socket = bound_socket();
  auto const where = socket.local_endpoint();
  auto peer = bound_socket();
  auto stranger = bound_socket();
  socket.connect(peer.local_endpoint());
  socket.disconnect();
  CHECK_FALSE(socket.is_connected());
  CHECK_THROWS_AS(socket.remote_endpoint(), error);
  CHECK(socket.local_endpoint() == where);
  complete([&]() -> task<> {
    co_await stranger.sendto("let me in", where);
    auto const came = co_await timeout(5s, receive(socket));
    CHECK(came.text == "let me in");
    CHECK(came.from == stranger.local_endpoint());
  });
}

TEST_CASE("a socket that is bound to a chosen port keeps it when it is disconnected") {
  auto const where = unused_udp_endpoint();
  auto socket = udp::bind(where);
  auto stranger = bound_socket();
  socket.connect(stranger.local_endpoint());
  socket.disconnect();
  CHECK(socket.local_endpoint() == where);
  complete([&]() -> task<> {
    co_await stranger.sendto("hello", where);
    auto const text = co_await timeout(5s, receive_text(socket));
    CHECK(text == "hello");
  });
}

TEST_CASE("disconnecting a socket that is not connected has no effect") {
  auto socket = udp::bind(unused_udp_endpoint());
  auto other = bound_socket();
  socket.disconnect();
  complete([&]() -> task<> {
    co_await other.sendto("hello", socket.local_endpoint());
    auto const text = co_await timeout(5s, receive_text(socket));
    CHECK(text == "hello");
  });
}

TEST_CASE("udp::connect returns a socket that is connected to the endpoint") {
  auto server = bound_socket();
  complete([&]() -> task<> {
    auto socket = co_await udp::connect(server.local_endpoint());
    CHECK(socket.is_connected());
    CHECK(socket.remote_endpoint() == server.local_endpoint());
    CHECK(socket.local_endpoint().port() != 0);
    co_await socket.send("ping");
    auto const came = co_await receive(server);
    CHECK(came.from == socket.local_endpoint());
    co_await server.sendto("pong", came.from);
    auto const text = co_await receive_text(socket);
    CHECK(text == "pong");
  });
}

TEST_CASE("udp::connect accepts a text, a name, or a host and a port") {
  auto server = bound_socket();
  auto const where = server.local_endpoint();
  complete([&]() -> task<> {
    auto by_text = co_await udp::connect(where.to_string());
    CHECK(by_text.remote_endpoint() == where);
    auto by_parts = co_await udp::connect("127.0.0.1", where.port());
    CHECK(by_parts.remote_endpoint() == where);
    auto by_name = co_await udp::connect("localhost:" + std::to_string(where.port()));
    CHECK(by_name.is_connected());
    CHECK(by_name.remote_endpoint().port() == where.port());
    auto const address = by_name.remote_endpoint().address();
    CHECK((address == "127.0.0.1" || address == "::1"));
  });
}

TEST_CASE("udp::connect uses the first address that this host can reach") {
  without_ipv6 const host;
  auto server = bound_socket();
  complete([&]() -> task<> {
    auto socket = co_await udp::connect("localhost", server.local_endpoint().port());
    CHECK(socket.remote_endpoint() == server.local_endpoint());
    co_await socket.send("hello");
    auto const text = co_await receive_text(server);
    CHECK(text == "hello");
  });
}

TEST_CASE("udp::connect over IPv6 works with and without brackets") {
  if (!has_ipv6()) {
    WARN("skipped: this host has no IPv6");
    return;
  }
  auto server = udp::bind("[::1]:0");
  complete([&]() -> task<> {
    auto one = co_await udp::connect(server.local_endpoint().to_string());
    auto other = co_await udp::connect("::1", server.local_endpoint().port());
    co_await one.send("one");
    co_await other.send("other");
    auto const texts = co_await receive_texts(server, 2);
    CHECK(texts == std::vector<std::string>{"one", "other"});
  });
}

TEST_CASE("a UDP descriptor can be adopted and is made non-blocking") {
  auto sender = bound_socket();
  auto raw = raw_datagram_socket();
  int const descriptor = raw.release();
  udp::socket socket(descriptor);
  CHECK(socket.native_handle() == descriptor);
  CHECK((::fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0);
  CHECK_FALSE(socket.is_connected());
  complete([&]() -> task<> {
    co_await sender.sendto("hello", socket.local_endpoint());
    auto const text = co_await receive_text(socket);
    CHECK(text == "hello");
  });
}

TEST_CASE("a connected UDP descriptor is adopted as connected") {
  auto peer = bound_socket();
  auto raw = raw_datagram_socket();
  sockaddr_storage address;
  auto const length = static_cast<socklen_t>(peer.local_endpoint().to_sockaddr(&address));
  REQUIRE(::connect(raw.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  udp::socket socket(raw.release());
  CHECK(socket.is_connected());
  CHECK(socket.remote_endpoint() == peer.local_endpoint());
  complete([&]() -> task<> {
    co_await socket.send("hello");
    auto const text = co_await receive_text(peer);
    CHECK(text == "hello");
  });
}

TEST_CASE("a descriptor of another kind is refused, and remains the caller's") {
  auto const [stream, peer] = raw_pair();
  CHECK(message_of([&] { udp::socket const refused(stream.get()); }) ==
        "take over a UDP socket: the descriptor is a different kind of socket");
  stream.send("still open");
  CHECK(peer.receive() == "still open");

  int local[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM, 0, local) == 0);
  raw_socket const one(local[0]);
  raw_socket const other(local[1]);
  CHECK_THROWS_AS(udp::socket(one.get()), error);
  CHECK(::fcntl(one.get(), F_GETFD) >= 0);

  CHECK(message_of([] { udp::socket const refused(-1); }) == "take over a UDP socket: bad file descriptor");
}

TEST_CASE("a released descriptor stays open and non-blocking, and is no longer owned by the socket") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  auto const where = socket.local_endpoint();
  complete([&]() -> task<> {  // on a loop, so that the loop watches it
    co_await sender.sendto("one", where);
    static_cast<void>(co_await receive_text(socket));
    raw_socket const released(socket.release());
    CHECK_FALSE(socket.is_open());
    CHECK(released.where() == where);
    CHECK((::fcntl(released.get(), F_GETFL) & O_NONBLOCK) != 0);
    co_await sender.sendto("two", where);
    CHECK(released.receive() == "two");
  });
}

TEST_CASE("a socket that is moved keeps its endpoint and its connection") {
  auto first = bound_socket();
  auto sender = bound_socket();
  auto const where = first.local_endpoint();
  first.connect(sender.local_endpoint());
  udp::socket second = std::move(first);
  CHECK(second.local_endpoint() == where);
  CHECK(second.is_connected());
  auto third = bound_socket();
  auto const gone = third.local_endpoint();
  third = std::move(second);
  CHECK(third.local_endpoint() == where);
  auto const again = udp::bind(gone);  // the previous socket of the assigned object has been closed
  complete([&]() -> task<> {
    co_await sender.sendto("hello", where);
    auto const text = co_await receive_text(third);
    CHECK(text == "hello");
  });
}

TEST_CASE("a socket can be moved while a receiver waits on it") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    std::optional<udp::socket> moved;
    auto move_and_send = [&]() -> task<> {
      co_await turns(3);
      moved.emplace(std::move(socket));
      co_await sender.sendto("hello", moved->local_endpoint());
    };
    auto const [came, done] = co_await when_all(receive(socket), move_and_send());
    CHECK(came.text == "hello");
  });
}

TEST_CASE("a socket is closed when it is destroyed") {
  auto const before = open_descriptors();
  {
    auto const socket = bound_socket();
    CHECK(open_descriptors() == before + 1);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a socket may outlive its loop and be used on another one, with the datagrams that arrived in between") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  auto const where = socket.local_endpoint();
  for (std::string const text : {"first", "second", "third"}) {
    raw_send(raw_datagram_socket(), text, where);
    auto const came = complete([&] { return receive(socket); });  // each call runs a new loop
    CHECK(came.text == text);
    complete([&]() -> task<> { co_await sender.sendto("unread", where); });
    CHECK(complete([&] { return receive_text(socket); }) == "unread");
  }
}

TEST_CASE("using a socket on two loops is diagnosed and it still works on the first one") {
  auto socket = bound_socket();
  auto const where = socket.local_endpoint();
  event_loop first;
  event_loop second;
  auto send = [&]() -> task<> { co_await socket.sendto("x", where); };
  first.run(send);
  try {
    second.run(send);
    FAIL("nothing was thrown");
  } catch (std::logic_error const& e) {
    CHECK(std::string(e.what()) == "strait: the socket on " + where.to_string() +
                                       " is used on two loops: call release() on the first loop and construct a "
                                       "new socket from the descriptor on the second");
  }
  first.run(send);
  CHECK(first.run(receive_texts(socket, 2)) == std::vector<std::string>{"x", "x"});
}

TEST_CASE("a socket that is released on one loop and adopted on another works there") {
  auto socket = bound_socket();
  auto const where = socket.local_endpoint();
  event_loop first;
  event_loop second;
  first.run([&]() -> task<> { co_await socket.sendto("x", where); });
  udp::socket other(socket.release());
  CHECK(second.run(receive_text(other)) == "x");
}

TEST_CASE("fault 45: several receivers that wait on one socket can be dropped in any order, and it stays usable") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  auto const before = open_descriptors();
  for (int last_to_be_dropped = 0; last_to_be_dropped != 3; ++last_to_be_dropped) {
    int alive = 0;
    {
      event_loop loop;
      std::optional<background_task<void>> receivers[3];
      auto wait = [&](counted) -> task<> { static_cast<void>(co_await receive(socket)); };
      for (auto& each : receivers) each.emplace(loop, wait(counted(alive)));
      loop.run(turns(3));
      for (int i = 0; i != 3; ++i)
        if (i != last_to_be_dropped) receivers[i].reset();
      CHECK(alive == 1);
    }
    CHECK(alive == 0);
    CHECK(open_descriptors() == before);
    complete([&]() -> task<> { co_await sender.sendto("later", socket.local_endpoint()); });
    CHECK(complete([&] { return receive_text(socket); }) == "later");
  }
}

TEST_CASE("fault 45: tasks that wait on sockets of their own can be dropped, and their sockets are closed") {
  auto const before = open_descriptors();
  int alive = 0;
  {
    event_loop loop;
    auto wait = [&](counted) -> task<> {
      auto own = bound_socket();
      udp::datagram_buffer buffer;
      static_cast<void>(co_await own.recv_batch(buffer));
    };
    background_task<void> first(loop, wait(counted(alive)));
    background_task<void> second(loop, wait(counted(alive)));
    loop.run(turns(3));
    CHECK(open_descriptors() > before);
  }
  CHECK(alive == 0);
  CHECK(open_descriptors() == before);
}
