// recv_batch and send_batch: many datagrams per system call, in order, none lost.
#include <cerrno>
#include <map>
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

/// 1 to 9 bytes, no two neighbours of one size, so that none can be joined.
texts of_different_sizes(std::size_t count) {
  texts all;
  for (std::size_t i = 0; i != count; ++i) all.push_back(numbered(i, 1 + i % 9));
  for (std::size_t i = 0; i + 1 < count; i += 2) std::swap(all[i], all[i + 1]);
  return all;
}

}  // namespace

TEST_CASE("recv_batch gives all that has come, in order, with the senders") {
  auto receiver = bound_socket();
  auto one = bound_socket();
  auto other = bound_socket();
  udp::datagram_buffer buffer;
  complete([&]() -> task<> {
    for (int i = 0; i != 10; ++i) {
      auto& sender = i % 3 == 0 ? one : other;
      co_await sender.sendto(std::to_string(i), receiver.local_endpoint());
    }
    auto const came = co_await receiver.recv_batch(buffer);
    REQUIRE(came.size() == 10);
    for (std::size_t i = 0; i != 10; ++i) {
      CHECK(came[i].text() == std::to_string(i));
      CHECK(came[i].peer == (i % 3 == 0 ? one : other).local_endpoint());
      CHECK_FALSE(came[i].truncated);
    }
    CHECK(buffer.datagrams().data() == came.data());
    CHECK(buffer.datagrams().size() == 10);
  });
}

TEST_CASE("recv_batch waits until something comes") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  udp::datagram_buffer buffer;
  complete([&]() -> task<> {
    auto send = [&]() -> task<> {
      co_await turns(5);
      co_await sender.sendto("at last", receiver.local_endpoint());
    };
    auto const [came, done] = co_await when_all(receiver.recv_batch(buffer), send());
    REQUIRE(came.size() == 1);
    CHECK(came[0].text() == "at last");
  });
}

TEST_CASE("recv_batch gives what has room in its buffer, and the rest the next time") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  udp::datagram_buffer buffer(4, 16);
  CHECK(buffer.capacity() == 4);
  complete([&]() -> task<> {
    for (int i = 0; i != 10; ++i) co_await sender.sendto(std::to_string(i), receiver.local_endpoint());
    std::vector<std::size_t> sizes;
    texts all;
    while (all.size() != 10) {
      auto const came = co_await receiver.recv_batch(buffer);
      sizes.push_back(came.size());
      for (auto const& each : came) all.emplace_back(each.text());
    }
    CHECK(sizes == std::vector<std::size_t>{4, 4, 2});
    CHECK(all == texts{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
  });
}

TEST_CASE("a datagram buffer has the room it was made with, and at least some") {
  CHECK(udp::datagram_buffer().capacity() == 64);
  CHECK(udp::datagram_buffer(1000, 1).capacity() == 1000);
  udp::datagram_buffer least(0, 0);
  CHECK(least.capacity() == 1);
  CHECK(least.datagrams().empty());
  auto [one, other] = connected_sockets();
  complete([&]() -> task<> {
    co_await one.send("xy");
    auto const came = co_await other.recv_batch(least);
    REQUIRE(came.size() == 1);
    CHECK(came[0].text() == "x");
    CHECK(came[0].truncated);
  });
}

TEST_CASE("a datagram buffer that is moved takes what was received with it, and can be used again") {
  auto [one, other] = connected_sockets();
  complete([&]() -> task<> {
    udp::datagram_buffer first;
    co_await one.send("hello");
    static_cast<void>(co_await other.recv_batch(first));
    udp::datagram_buffer second = std::move(first);
    REQUIRE(second.datagrams().size() == 1);
    CHECK(second.datagrams()[0].text() == "hello");
    co_await one.send("again");
    auto const came = co_await other.recv_batch(second);
    REQUIRE(came.size() == 1);
    CHECK(came[0].text() == "again");
  });
}

TEST_CASE("what one batch has received can be sent by another: an echo server of many clients") {
  auto server = bound_socket();
  std::vector<udp::socket> clients(5);
  for (auto& each : clients) each = bound_socket();
  udp::datagram_buffer buffer;
  complete([&]() -> task<> {
    auto const where = server.local_endpoint();
    for (int i = 0; i != 20; ++i)
      for (std::size_t c = 0; c != clients.size(); ++c)
        co_await clients[c].sendto(std::to_string(c) + "/" + std::to_string(i), where);
    std::size_t echoed = 0;
    while (echoed != 100) echoed += co_await server.send_batch(co_await server.recv_batch(buffer));
    for (std::size_t c = 0; c != clients.size(); ++c)
      for (int i = 0; i != 20; ++i) {
        auto const came = co_await receive(clients[c]);
        CHECK(came.text == std::to_string(c) + "/" + std::to_string(i));
        CHECK(came.from == where);
      }
  });
}

TEST_CASE("send_batch sends to several destinations, and keeps the order of each") {
  auto sender = bound_socket();
  std::vector<udp::socket> receivers(4);
  for (auto& each : receivers) each = bound_socket();
  auto const bodies = of_different_sizes(120);
  complete([&]() -> task<> {
    std::vector<udp::datagram> batch;
    std::map<std::size_t, texts> expected;
    for (std::size_t i = 0; i != bodies.size(); ++i) {
      auto const to = i * i % 4;
      batch.push_back({const_buffer(bodies[i]), receivers[to].local_endpoint(), false});
      expected[to].push_back(bodies[i]);
    }
    auto const sent = co_await sender.send_batch(batch);
    CHECK(sent == bodies.size());
    for (auto const& [to, theirs] : expected) {
      auto const arrived = co_await receive_texts(receivers[to], theirs.size());
      CHECK((arrived == theirs));
    }
  });
}

TEST_CASE("an empty batch sends nothing") {
  auto [socket, peer] = connected_sockets();
  complete([&]() -> task<> {
    auto const sent = co_await socket.send_batch({});
    CHECK(sent == 0);
    co_await socket.send("marker");
    auto const text = co_await receive_text(peer);
    CHECK(text == "marker");
  });
}

TEST_CASE("a batch of more messages than one system call takes is sent by several") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  auto const bodies = of_different_sizes(200);
  complete([&]() -> task<> {
    int const before = batches_sent();
    auto const sent = co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
    CHECK(sent == 200);
    CHECK(batches_sent() - before <= 4);
    auto const arrived = co_await receive_texts(receiver, 200);
    CHECK((arrived == bodies));
  });
}

TEST_CASE("a batch of more than 512 datagrams is sent whole") {
  auto sender = bound_socket();
  std::vector<udp::socket> receivers(6);
  for (auto& each : receivers) each = bound_socket();
  auto const bodies = numbered_alike(200 * receivers.size(), 20);
  complete([&]() -> task<> {
    std::vector<udp::datagram> batch;
    for (std::size_t i = 0; i != bodies.size(); ++i)
      batch.push_back({const_buffer(bodies[i]), receivers[i / 200].local_endpoint(), false});
    auto const sent = co_await sender.send_batch(batch);
    CHECK(sent == bodies.size());
    for (std::size_t r = 0; r != receivers.size(); ++r)
      for (std::size_t i = 0; i != 200; ++i) {
        auto const text = co_await receive_text(receivers[r]);
        CHECK((text == bodies[r * 200 + i]));
      }
  });
}

TEST_CASE("send_batch on a connected socket leaves the peers of its datagrams as they are") {
  auto [socket, peer] = connected_sockets();
  auto other = bound_socket();
  texts const bodies{"one", "two", "three", ""};
  complete([&]() -> task<> {
    auto const sent = co_await socket.send_batch(addressed_to(other.local_endpoint(), bodies));
    CHECK(sent == 4);
    auto const arrived = co_await receive_texts(peer, 4);
    CHECK(arrived == bodies);
  });
}

TEST_CASE("a refused datagram in the middle does not keep the others from being sent, and the error names it") {
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

TEST_CASE("refused datagrams at the begin and at the end do not keep those between from being sent") {
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

TEST_CASE("a datagram that is too long does not keep its neighbours from being sent") {
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

TEST_CASE("a system that sends a part of a batch at a time sends all of it in the end") {
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

TEST_CASE("a batch that finds no room waits for it and goes on where it was") {
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

TEST_CASE("a batch that is interrupted, sent in parts and out of room now and then is sent whole") {
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

TEST_CASE("a batch that waits for room and is canceled says how many datagrams went") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  auto const bodies = of_different_sizes(20);
  std::size_t sent = 0;
  complete([&]() -> task<> {
    short_batches const system(5);
    auto const batch = addressed_to(receiver.local_endpoint(), bodies);
    cancel_scope scope;
    std::optional<failing> full;
    // The budget of a turn ends the first attempts in the middle: then there is no more room.
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

TEST_CASE("batches and single datagrams of several tasks go out in the order in which they came") {
  auto sender = bound_socket();
  auto receiver = bound_socket();
  auto const to = receiver.local_endpoint();
  texts const first{"1", "2", "3"};
  texts const second{"5", "6"};
  complete([&]() -> task<> {
    std::optional<failing> full(std::in_place, system_call::sendmmsg, EAGAIN, 1'000'000);
    auto make_room = [&]() -> task<> {
      co_await turns(6);
      full.reset();
      raw_send(raw_datagram_socket(), "wake up", sender.local_endpoint());
    };
    co_await when_all(sender.send_batch(addressed_to(to, first)), sender.sendto("4", to),
                      sender.send_batch(addressed_to(to, second)), make_room());
    auto const arrived = co_await receive_texts(receiver, 6);
    CHECK(arrived == texts{"1", "2", "3", "4", "5", "6"});
  });
}

TEST_CASE("a reader may close the socket whose batch has just been sent: it went, and says so") {
  // One event says that there is room to send and something to receive. The batch goes; the receiver closes.
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
      std::size_t const said = outcome ? *outcome : transferred_by(outcome);
      raw_send(raw_datagram_socket(), "marker", to);
      std::size_t arrived = 0;
      for (;;) {
        auto const text = co_await receive_text(receiver);
        if (text == "marker") break;
        ++arrived;
      }
      CHECK(said == arrived);
      if (outcome) CHECK(*outcome == bodies.size());
    });
  }
}
