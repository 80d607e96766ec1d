// Sends of single datagrams that wait because the kernel has no room.
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "datagrams.hpp"
#include "faulty_system.hpp"

using namespace strait;
using namespace strait::test;

namespace {

using texts = std::vector<std::string>;

/// While this object exists, sendto finds no room on any socket, until make_room.
class full_sockets {
 public:
  full_sockets() { full_.emplace(system_call::sendto, EAGAIN, 1'000'000); }
  /// Reports room by an event of the socket, as the kernel does: here, the socket receives a datagram.
  void make_room(udp::socket const& socket) {
    full_.reset();
    raw_send(raw_datagram_socket(), "wake up", socket.local_endpoint());
  }

 private:
  std::optional<failing> full_;
};

}  // namespace

TEST_CASE("senders that wait for room form a queue and their datagrams are sent in order") {
  auto socket = bound_socket();
  auto receiver = bound_socket();
  auto const to = receiver.local_endpoint();
  texts done;
  complete([&]() -> task<> {
    full_sockets full;
    auto send = [&](std::string text) -> task<> {
      co_await socket.sendto(text, to);
      done.push_back(text);
    };
    auto make_room = [&]() -> task<> {
      co_await turns(6);
      CHECK(done.empty());
      full.make_room(socket);
    };
    co_await when_all(send("1"), send("2"), send("3"), make_room());
    auto const arrived = co_await receive_texts(receiver, 3);
    CHECK(arrived == texts{"1", "2", "3"});
  });
  CHECK(done == texts{"1", "2", "3"});
}

TEST_CASE("a sender that is canceled while it waits for room sends nothing, and the next one continues") {
  auto socket = bound_socket();
  auto receiver = bound_socket();
  auto const to = receiver.local_endpoint();
  complete([&]() -> task<> {
    full_sockets full;
    cancel_scope scopes[3];
    auto cancel_and_make_room = [&]() -> task<> {
      co_await turns(6);
      scopes[0].cancel();
      scopes[1].cancel();
      co_await turns(2);
      full.make_room(socket);
    };
    auto const [first, second, third, done] =
        co_await when_all(scopes[0].run(socket.sendto("first", to)), scopes[1].run(socket.sendto("second", to)),
                          scopes[2].run(socket.sendto("third", to)), cancel_and_make_room());
    CHECK_FALSE(first);
    CHECK_FALSE(second);
    CHECK(third);
    co_await socket.sendto("fourth", to);
    auto const arrived = co_await receive_texts(receiver, 2);
    CHECK(arrived == texts{"third", "fourth"});
  });
}

TEST_CASE("close ends the senders that wait for room") {
  auto socket = bound_socket();
  auto const to = socket.local_endpoint();
  complete([&]() -> task<> {
    full_sockets const full;
    auto close_soon = [&]() -> task<> {
      co_await turns(6);
      socket.close();
    };
    auto const [first, second, done] =
        co_await when_all(as_result(socket.sendto("1", to)), as_result(socket.sendto("2", to)), close_soon());
    CHECK(first.error() == errc::closed);
    CHECK(first.message() == "sendto: closed on this side");
    CHECK(second.error() == errc::closed);
  });
}

TEST_CASE("senders that wait for room do not prevent other tasks from receiving") {
  auto socket = bound_socket();
  auto other = bound_socket();
  complete([&]() -> task<> {
    full_sockets full;
    auto receive_then_make_room = [&]() -> task<> {
      co_await turns(6);
      raw_send(raw_datagram_socket(), "hello", socket.local_endpoint());
      auto const text = co_await receive_text(socket);
      CHECK(text == "hello");
      full.make_room(socket);
    };
    co_await when_all(socket.sendto("1", other.local_endpoint()), receive_then_make_room());
    auto const text = co_await receive_text(other);
    CHECK(text == "1");
  });
}
