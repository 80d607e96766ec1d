// udp::socket: from which senders a connected socket receives, and the effect of a disconnect that fails.
#include <string>
#include <vector>

#include "catch.hpp"
#include "datagrams.hpp"
#include "faulty_system.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// A socket that has datagrams from strangers and from its peer before it is connected to that peer.
struct forgery {
  explicit forgery(udp::bind_options options = {}) : socket(bound_socket(options)) {
    for (int i = 0; i != 3; ++i) raw_send(stranger, "forged", socket.local_endpoint());
    raw_send(peer, "early", socket.local_endpoint());
    raw_send(stranger, "forged", socket.local_endpoint());
  }
  void connect() {
    socket.connect(peer.where());
    raw_send(peer, "genuine", socket.local_endpoint());
  }
  udp::socket socket;
  raw_socket peer = raw_datagram_socket();
  raw_socket stranger = raw_datagram_socket();
};

task<std::string> recv_text(udp::socket& socket) {
  char bytes[100];
  auto const got = co_await socket.recv(bytes);
  co_return std::string(bytes, got.size);
}

}  // namespace

TEST_CASE("a connected socket receives all datagrams of its peer and none that others sent before connect") {
  forgery on;
  on.connect();
  texts got;
  complete([&]() -> task<> {
    SECTION("by recv") {
      for (int i = 0; i != 2; ++i) got.push_back(co_await recv_text(on.socket));
    }
    SECTION("by recvfrom") { got = co_await receive_texts(on.socket, 2); }
    SECTION("by recv_batch") {
      udp::datagram_buffer buffer;
      auto const came = co_await receive_batches(on.socket, buffer, 2);
      for (auto const& each : came) CHECK(each.from == on.peer.where());
      got = texts_of(came);
    }
    SECTION("by recv_batch with a small buffer") {
      udp::datagram_buffer buffer(1, 100);
      got = texts_of(co_await receive_batches(on.socket, buffer, 2));
    }
    SECTION("into several buffers") {
      char one[3];
      char other[100];
      for (int i = 0; i != 2; ++i) {
        mutable_buffer const parts[]{mutable_buffer(one), mutable_buffer(other)};
        auto const n = co_await on.socket.recv(parts);
        got.push_back(std::string(one, 3) + std::string(other, n.size - 3));
      }
    }
    auto const more = co_await as_result(timeout(1ms, recv_text(on.socket)));
    CHECK(more.error() == std::errc::timed_out);
  });
  CHECK(got == texts{"early", "genuine"});
}

TEST_CASE("a connected socket with receive_offload drops datagrams that others sent before connect") {
  forgery on(offload);
  on.connect();
  udp::datagram_buffer buffer;
  auto const came =
      complete([&]() -> task<std::vector<arrival>> { co_return co_await receive_batches(on.socket, buffer, 2); });
  CHECK(texts_of(came) == texts{"early", "genuine"});
}

TEST_CASE("a waiting receive whose socket is then connected drops datagrams of others") {
  auto socket = bound_socket();
  auto const peer = raw_datagram_socket();
  auto const stranger = raw_datagram_socket();
  std::string got;
  complete([&]() -> task<> {
    auto receive_one = [&]() -> task<> { got = co_await recv_text(socket); };
    auto connect = [&]() -> task<> {
      co_await turns(4);
      raw_send(stranger, "forged", socket.local_endpoint());
      socket.connect(peer.where());
      co_await turns(4);
      raw_send(peer, "genuine", socket.local_endpoint());
    };
    co_await when_all(receive_one(), connect());
  });
  CHECK(got == "genuine");
}

TEST_CASE("a socket that is disconnected receives from every sender again") {
  auto socket = bound_socket();
  auto const peer = raw_datagram_socket();
  auto const stranger = raw_datagram_socket();
  socket.connect(peer.where());
  std::string got;
  complete([&]() -> task<> {
    auto receive_one = [&]() -> task<> { got = co_await recv_text(socket); };
    auto disconnect = [&]() -> task<> {
      co_await turns(4);
      socket.disconnect();
      raw_send(stranger, "hello", socket.local_endpoint());
    };
    co_await when_all(receive_one(), disconnect());
  });
  CHECK(got == "hello");
}

TEST_CASE("a socket that is connected to the wildcard address receives from this host") {
  auto peer = udp::bind(endpoint::any_v4(0));
  auto socket = bound_socket();
  socket.connect(peer.local_endpoint());
  complete([&]() -> task<> {
    co_await peer.sendto("hello", socket.local_endpoint());
    auto const got = co_await recv_text(socket);
    CHECK(got == "hello");
  });
}

TEST_CASE("a connected IPv6 socket receives only from its peer") {
  if (!has_ipv6()) return;
  auto socket = udp::bind("[::1]:0");
  auto peer = udp::bind("[::1]:0");
  auto stranger = udp::bind("[::1]:0");
  complete([&]() -> task<> {
    co_await stranger.sendto("forged", socket.local_endpoint());
    socket.connect(peer.local_endpoint());
    co_await peer.sendto("genuine", socket.local_endpoint());
    auto const got = co_await recv_text(socket);
    CHECK(got == "genuine");
  });
}

TEST_CASE("a receive that is canceled and whose socket is closed delivers only a datagram of the peer") {
  auto const sender_is_peer = GENERATE(true, false);
  auto socket = bound_socket();
  auto const peer = raw_datagram_socket();
  auto const stranger = raw_datagram_socket();
  complete([&]() -> task<> {
    cancel_scope scope;
    std::string got = "nothing";
    auto receive_one = [&]() -> task<> {
      try {
        got = co_await recv_text(socket);
      } catch (error const&) {
      } catch (canceled const&) {}
    };
    auto close = [&]() -> task<> {
      co_await turns(4);
      if (!sender_is_peer) raw_send(stranger, "forged", socket.local_endpoint());
      socket.connect(peer.where());
      co_await turns(1);
      if (sender_is_peer) raw_send(peer, "genuine", socket.local_endpoint());
      scope.cancel();
      socket.close();
    };
    co_await when_all(scope.run(receive_one()), close());
    CHECK((got == "genuine" || got == "nothing"));
  });
}

TEST_CASE("a socket whose disconnect cannot bind the port again reports that it is disconnected") {
  auto const peer = bound_socket();
  auto socket = bound_socket();
  socket.connect(peer.local_endpoint());
  auto const before = socket.local_endpoint();
  {
    failing const bind(system_call::bind, EADDRINUSE, 1);
    CHECK(message_of([&] { socket.disconnect(); }) ==
          "disconnect: bind " + before.to_string() + " again: address already in use");
  }
  CHECK_FALSE(socket.is_connected());
  CHECK_THROWS_AS(socket.remote_endpoint(), error);
}
