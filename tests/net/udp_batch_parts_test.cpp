// Batches that the kernel sends in parts, of which it refuses a datagram, or for which it has no room.
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "datagrams.hpp"
#include "faulty_system.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("the datagrams around a refused one are sent and the error names the refused one") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  auto const to = receiver.local_endpoint();
  auto const bodies = of_different_sizes(9);
  complete([&]() -> task<> {
    auto batch = addressed_to(to, bodies);
    batch[4].peer = endpoint::parse("127.0.0.2:0");
    batch[7].peer = endpoint::loopback_v4(0);
    auto const refused = co_await as_result(sender.send_batch(batch));
    CHECK(refused.error() == std::errc::invalid_argument);
    CHECK(refused.message() == "sendto 127.0.0.2:0: invalid argument");
    CHECK(transferred_by(refused) == 7);
    auto expected = bodies;
    expected.erase(expected.begin() + 7);
    expected.erase(expected.begin() + 4);
    auto const arrived = co_await receive_texts(receiver, 7);
    CHECK(arrived == expected);
  });
}

TEST_CASE("refused datagrams at the beginning and at the end do not prevent those in between from being sent") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  auto const bodies = numbered_alike(6, 10);
  complete([&]() -> task<> {
    auto batch = addressed_to(receiver.local_endpoint(), bodies);
    batch.front().peer = batch.back().peer = endpoint::loopback_v4(0);
    auto const refused = co_await as_result(sender.send_batch(batch));
    CHECK(refused.message() == "sendto 127.0.0.1:0: invalid argument");
    CHECK(transferred_by(refused) == 4);
    auto const arrived = co_await receive_texts(receiver, 4);
    CHECK((arrived == texts(bodies.begin() + 1, bodies.end() - 1)));
  });
}

TEST_CASE("the datagrams around one that is too long are sent") {
  auto [socket, peer] = connected_sockets();
  texts const bodies{"before", std::string(65'508, 'x'), "after"};
  complete([&]() -> task<> {
    auto const refused = co_await as_result(socket.send_batch(addressed_to({}, bodies)));
    CHECK(refused.error() == std::errc::message_size);
    CHECK(refused.message() == "send to " + peer.local_endpoint().to_string() + ": message too long");
    CHECK(transferred_by(refused) == 2);
    auto const arrived = co_await receive_texts(peer, 2);
    CHECK(arrived == texts{"before", "after"});
  });
}

TEST_CASE("a batch that the kernel accepts in parts is sent completely") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  auto const bodies = of_different_sizes(100);
  complete([&]() -> task<> {
    short_batches const system(3);
    auto const sent = co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
    CHECK(sent == 100);
    auto const arrived = co_await receive_texts(receiver, 100);
    CHECK((arrived == bodies));
  });
}

TEST_CASE("a batch without room waits for room and continues where it stopped") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  auto const bodies = of_different_sizes(100);
  complete([&]() -> task<> {
    short_batches const system(7);
    std::optional<failing> full;
    auto fill = [&]() -> task<> {
      full.emplace(system_call::sendmmsg, EAGAIN, 1'000'000);
      co_await turns(6);
      full.reset();
      raw_send(raw_datagram_socket(), "wake up", sender.local_endpoint());
    };
    auto const [filled, sent] =
        co_await when_all(fill(), sender.send_batch(addressed_to(receiver.local_endpoint(), bodies)));
    CHECK(sent == 100);
    auto const arrived = co_await receive_texts(receiver, 100);
    CHECK((arrived == bodies));
  });
}

TEST_CASE("a batch that is interrupted, sent in parts, and at times without room is sent completely") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  auto const bodies = numbered_alike(150, 30);
  complete([&]() -> task<> {
    short_batches const system(1);
    failing const interrupted(system_call::sendmmsg, EINTR, 2);
    auto const sent = co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
    CHECK(sent == 150);
    failing const once_full(system_call::sendmmsg, EAGAIN, 1);
    auto const sent_again = co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
    CHECK(sent_again == 150);
    CHECK(failing::left() == 0);
    for (int i = 0; i != 2; ++i) {
      auto const arrived = co_await receive_texts(receiver, 150);
      CHECK((arrived == bodies));
    }
  });
}

TEST_CASE("a batch that is canceled while it waits for room reports how many datagrams were sent") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  auto const bodies = of_different_sizes(20);
  std::size_t sent = 0;
  complete([&]() -> task<> {
    short_batches const system(5);
    auto const batch = addressed_to(receiver.local_endpoint(), bodies);
    cancel_scope scope;
    std::optional<failing> full;
    // The budget of a turn ends the batch before it is sent completely, and then there is no more room.
    auto send = [&]() -> task<> {
      for (int i = 0; i != 30; ++i) co_await sender.sendto("", receiver.local_endpoint());
      sent = co_await moved_by(sender.send_batch(batch));
    };
    auto fill_and_cancel = [&]() -> task<> {
      full.emplace(system_call::sendmmsg, EAGAIN, 1'000'000);
      co_await turns(5);
      scope.cancel();
    };
    static_cast<void>(co_await when_all(scope.run(send()), fill_and_cancel()));
    CHECK(sent < 20);
    full.reset();
    raw_send(raw_datagram_socket(), "wake up", sender.local_endpoint());  // there is room again
    for (int i = 0; i != 30; ++i) static_cast<void>(co_await receive_text(receiver));
    auto const arrived = co_await receive_texts(receiver, sent);
    CHECK((arrived == texts(bodies.begin(), bodies.begin() + static_cast<std::ptrdiff_t>(sent))));
    co_await sender.sendto("marker", receiver.local_endpoint());
    auto const next = co_await receive_text(receiver);
    CHECK(next == "marker");
  });
  CHECK(sent > 0);
}

TEST_CASE("if a receiver closes the socket after a batch was sent, the batch still reports the datagrams sent") {
  // A single event reports room to send and a datagram to receive. The batch is sent; then the receiver closes the
  // socket.
  auto receiver = bound_socket();
  auto const to = receiver.local_endpoint();
  texts const bodies{"1", "2", "3"};
  auto const batch = addressed_to(to, bodies);
  for (int i = 0; i != 20; ++i) {
    auto socket = bound_socket();
    complete([&]() -> task<> {
      std::optional<failing> full(std::in_place, system_call::sendmmsg, EAGAIN, 1'000'000);
      auto receive_and_close = [&]() -> task<> {
        static_cast<void>(co_await receive_text(socket));
        socket.close();
      };
      auto make_room = [&]() -> task<> {
        co_await turns(6);
        full.reset();
        raw_send(raw_datagram_socket(), "wake up", socket.local_endpoint());
      };
      auto const [outcome, received, made] =
          co_await when_all(as_result(socket.send_batch(batch)), receive_and_close(), make_room());
      std::size_t const reported = outcome ? *outcome : transferred_by(outcome);
      raw_send(raw_datagram_socket(), "marker", to);
      std::size_t arrived = 0;
      for (;;) {
        auto const text = co_await receive_text(receiver);
        if (text == "marker") break;
        ++arrived;
      }
      CHECK(reported == arrived);
      if (outcome) CHECK(*outcome == bodies.size());
    });
  }
}
