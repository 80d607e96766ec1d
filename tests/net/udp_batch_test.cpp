// recv_batch and send_batch: many datagrams per system call, in order, without loss.
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

TEST_CASE("recv_batch returns all received datagrams in order with their senders") {
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

TEST_CASE("recv_batch waits until a datagram arrives") {
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

TEST_CASE("recv_batch returns as many datagrams as its buffer holds and the rest at the next call") {
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

TEST_CASE("a datagram buffer has the requested capacity but at least the minimum") {
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

TEST_CASE("a datagram buffer that is moved keeps its datagrams and the old one can be used again") {
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

TEST_CASE("a received batch can be sent from another socket to answer many clients") {
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

TEST_CASE("send_batch sends to several destinations and keeps the order for each") {
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

TEST_CASE("a batch with more messages than one system call accepts is sent by several") {
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

TEST_CASE("a batch of more than 512 datagrams is sent completely") {
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

TEST_CASE("send_batch on a connected socket does not change the peers in its datagrams") {
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

TEST_CASE("batches and single datagrams of several tasks are sent in the order of the calls") {
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
