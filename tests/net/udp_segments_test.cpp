// Equal-sized datagrams are passed to the kernel as one message, which it segments (UDP_SEGMENT). Receivers must see
// single datagrams only.
#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

#include <netinet/udp.h>
#include <sys/socket.h>

#include "catch.hpp"
#include "datagrams.hpp"
#include "faulty_system.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("equal-sized datagrams arrive individually with exact boundaries") {
  for (auto const& each : many_sizes) {
    CAPTURE(each);
    auto const bodies = numbered_of_sizes(each);
    CHECK((singly(bodies) == bodies));
  }
}

TEST_CASE("a receiver with receive_offload sees the same boundaries") {
  for (auto const& each : many_sizes) {
    CAPTURE(each);
    auto const bodies = numbered_of_sizes(each);
    CHECK((joined(bodies) == bodies));
  }
}

TEST_CASE("a run of more datagrams than one message holds arrives individually") {
  for (std::size_t const count : {63u, 64u, 65u, 129u, 150u}) {
    CAPTURE(count);
    auto bodies = numbered_alike(count, 100);
    CHECK((singly(bodies) == bodies));
    bodies.push_back("shorter");
    CHECK((singly(bodies) == bodies));
    CHECK((joined(bodies) == bodies));
  }
}

TEST_CASE("a socket without send_offload coalesces nothing") {
  auto sender = bound_socket();
  auto plain = bound_socket();
  auto offloaded = bound_socket(offload);
  udp::datagram_buffer buffer;
  auto const bodies = numbered_alike(100, 50);
  without_segmentation const system(EIO);
  complete([&]() -> task<> {
    co_await sender.send_batch(addressed_to(plain.local_endpoint(), bodies));
    auto const arrived = co_await receive_texts(plain, 100);
    CHECK((arrived == bodies));
    co_await sender.send_batch(addressed_to(offloaded.local_endpoint(), bodies));
    auto const came = co_await receive_batches(offloaded, buffer, 100);
    CHECK((texts_of(came) == bodies));
  });
  CHECK(without_segmentation::refused() == 0);
}

TEST_CASE("udp::connect can create sockets with offloads") {
  auto server = bound_socket();
  auto const bodies = numbered_alike(100, 50);
  complete([&]() -> task<> {
    auto socket = co_await udp::connect(server.local_endpoint(), joining);
    int const before = batches_sent();
    co_await socket.send_batch(addressed_to({}, bodies));
    CHECK(batches_sent() - before == 1);
    auto const arrived = co_await receive_texts(server, 100);
    CHECK((arrived == bodies));
  });
}

TEST_CASE("a run of equal-sized datagrams takes one system call") {
  auto sender = bound_socket(joining);
  auto receiver = bound_socket();
  auto const bodies = numbered_alike(100, 50);
  complete([&]() -> task<> {
    int const before = batches_sent();
    co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
    CHECK(batches_sent() - before == 1);
  });
}

TEST_CASE("runs to several destinations arrive at their destinations") {
  auto sender = bound_socket(joining);
  std::vector<udp::socket> receivers(3);
  for (auto& each : receivers) each = bound_socket();
  auto const bodies = numbered_alike(90, 200);
  complete([&]() -> task<> {
    std::vector<udp::datagram> batch;
    for (std::size_t i = 0; i != bodies.size(); ++i)
      batch.push_back({const_buffer(bodies[i]), receivers[i / 10 % 3].local_endpoint(), false});
    auto const sent = co_await sender.send_batch(batch);
    CHECK(sent == 90);
    for (std::size_t r = 0; r != 3; ++r) {
      texts expected;
      for (std::size_t i = 0; i != 90; ++i)
        if (i / 10 % 3 == r) expected.push_back(bodies[i]);
      auto const arrived = co_await receive_texts(receivers[r], 30);
      CHECK((arrived == expected));
    }
  });
}

TEST_CASE("equal-sized datagrams on a connected socket arrive individually") {
  auto socket = bound_socket(joining);
  auto peer = bound_socket();
  socket.connect(peer.local_endpoint());
  auto const bodies = numbered_alike(100, 300);
  complete([&]() -> task<> {
    auto const sent = co_await socket.send_batch(addressed_to({}, bodies));
    CHECK(sent == 100);
    auto const arrived = co_await receive_texts(peer, 100);
    CHECK((arrived == bodies));
  });
}

TEST_CASE("equal-sized datagrams arrive individually over IPv6") {
  if (!has_ipv6()) {
    WARN("skipped: this host has no IPv6");
    return;
  }
  auto sender = udp::bind("[::1]:0", joining);
  auto plain = udp::bind("[::1]:0");
  auto offloaded = udp::bind("[::1]:0", offload);
  udp::datagram_buffer buffer;
  auto const bodies = numbered_alike(50, 1000);
  complete([&]() -> task<> {
    co_await sender.send_batch(addressed_to(plain.local_endpoint(), bodies));
    auto const arrived = co_await receive_texts(plain, 50);
    CHECK((arrived == bodies));
    co_await sender.send_batch(addressed_to(offloaded.local_endpoint(), bodies));
    auto const came = co_await receive_batches(offloaded, buffer, 50);
    CHECK((texts_of(came) == bodies));
  });
}

TEST_CASE("the datagrams around a refused run are sent and none of the run counts as sent") {
  auto sender = bound_socket(joining);
  auto receiver = bound_socket();
  auto const bodies = numbered_alike(30, 100);
  complete([&]() -> task<> {
    auto batch = addressed_to(receiver.local_endpoint(), bodies);
    for (std::size_t i = 10; i != 15; ++i) batch[i].peer = endpoint::loopback_v4(0);
    auto const refused = co_await as_result(sender.send_batch(batch));
    CHECK(refused.error() == std::errc::invalid_argument);
    CHECK(refused.message() == "sendto 127.0.0.1:0: invalid argument");
    CHECK(transferred_by(refused) == 25);
    auto expected = bodies;
    expected.erase(expected.begin() + 10, expected.begin() + 15);
    auto const arrived = co_await receive_texts(receiver, 25);
    CHECK((arrived == expected));
  });
}

TEST_CASE("fault 37: an ICMP refusal of an earlier datagram costs a batch one datagram and not a whole run") {
  auto socket = bound_socket(joining);
  auto const peer = unused_udp_endpoint();
  socket.connect(peer);
  auto const bodies = numbered_alike(10, 100);
  complete([&]() -> task<> {
    co_await socket.send("is anyone there?");
    auto peer_again = udp::bind(peer);
    auto const refused = co_await as_result(socket.send_batch(addressed_to(peer, bodies)));
    CHECK(refused.error() == std::errc::connection_refused);
    CHECK(transferred_by(refused) == 9);
  });
}

TEST_CASE("if the kernel does not support segmentation, all datagrams arrive, and later ones are sent singly") {
  for (int const error : {EINVAL, EIO}) {
    CAPTURE(error);
    auto sender = bound_socket(joining);
    auto receiver = bound_socket();
    auto const to = receiver.local_endpoint();
    auto const bodies = numbered_alike(40, 100);
    without_segmentation const system(error);
    complete([&]() -> task<> {
      for (int round = 0; round != 3; ++round) {
        auto const sent = co_await sender.send_batch(addressed_to(to, bodies));
        CHECK(sent == 40);
        auto const arrived = co_await receive_texts(receiver, 40);
        CHECK((arrived == bodies));
      }
    });
    CHECK(without_segmentation::refused() == 1);
  }
}

TEST_CASE("if the kernel does not support segmentation, batches of mixed sizes arrive complete and in order") {
  for (int const error : {EINVAL, EIO}) {
    CAPTURE(error);
    auto sender = bound_socket(joining);
    auto receiver = bound_socket();
    auto const bodies = numbered_of_sizes({7, 100, 100, 100, 30, 200, 200, 5, 0, 100, 100, 1, 1, 1, 300, 300});
    without_segmentation const system(error);
    complete([&]() -> task<> {
      auto const sent = co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
      CHECK(sent == bodies.size());
      auto const arrived = co_await receive_texts(receiver, bodies.size());
      CHECK((arrived == bodies));
    });
    CHECK(without_segmentation::refused() <= 6);
  }
}

TEST_CASE("after EIO has shown that segmentation never works the socket does not try other sizes") {
  auto sender = bound_socket(joining);
  auto receiver = bound_socket();
  without_segmentation const system(EIO);
  complete([&]() -> task<> {
    for (std::size_t const size : {1000u, 500u, 100u, 10u, 1u}) {
      auto const bodies = numbered_alike(5, size);
      co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
      auto const arrived = co_await receive_texts(receiver, 5);
      CHECK((arrived == bodies));
    }
  });
  CHECK(without_segmentation::refused() == 1);
}

TEST_CASE("a run to an invalid destination does not make the socket stop using segmentation") {
  auto sender = bound_socket(joining);
  auto receiver = bound_socket();
  auto const bodies = numbered_alike(64, 100);
  complete([&]() -> task<> {
    auto const refused = co_await as_result(sender.send_batch(addressed_to(endpoint::loopback_v4(0), bodies)));
    CHECK(refused.error() == std::errc::invalid_argument);
    CHECK(transferred_by(refused) == 0);
    without_segmentation const counting(EINVAL);
    co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
    CHECK(without_segmentation::refused() == 1);  // it was tried
    auto const arrived = co_await receive_texts(receiver, 64);
    CHECK((arrived == bodies));
  });
}
