// Datagrams that the kernel has coalesced (UDP_GRO) are delivered as single datagrams.
#include <stdexcept>
#include <string>
#include <vector>

#include <netinet/udp.h>
#include <sys/socket.h>

#include "catch.hpp"
#include "datagrams.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a socket with receive_offload refuses recv and recvfrom, which could not split coalesced datagrams") {
  auto receiver = bound_socket(offload);
  complete([&]() -> task<> {
    char bytes[8];
    for (bool const with_sender : {true, false}) {
      try {
        if (with_sender) co_await receiver.recvfrom(bytes);
        else co_await receiver.recv(bytes);
        FAIL("nothing was thrown");
      } catch (std::logic_error const& e) {
        CHECK_THAT(e.what(), ContainsSubstring("the socket on " + receiver.local_endpoint().to_string() +
                                               ", which has receive_offload"));
      }
    }
  });
}

TEST_CASE("a socket with receive_offload receives single datagrams, empty ones, and those of several senders") {
  auto receiver = bound_socket(offload);
  auto one = bound_socket();
  auto other = bound_socket();
  udp::datagram_buffer buffer;
  complete([&]() -> task<> {
    auto const to = receiver.local_endpoint();
    co_await one.sendto("first", to);
    co_await one.sendto("", to);
    co_await other.sendto("other", to);
    co_await one.sendto("third", to);
    auto const came = co_await receive_batches(receiver, buffer, 4);
    CHECK(texts_of(came) == texts{"first", "", "other", "third"});
    CHECK(came[1].from == one.local_endpoint());
    CHECK(came[2].from == other.local_endpoint());
  });
}

TEST_CASE("runs of equal-sized datagrams of several senders arrive with the right sender addresses") {
  auto receiver = bound_socket(offload);
  auto one = bound_socket(joining);
  auto other = bound_socket(joining);
  udp::datagram_buffer buffer(2);
  auto const bodies = numbered_alike(30, 400);
  complete([&]() -> task<> {
    auto const batch = addressed_to(receiver.local_endpoint(), bodies);
    std::span<udp::datagram const> const all(batch);
    for (std::size_t i = 0; i != 30; i += 10) {
      auto& sender = i == 10 ? other : one;
      co_await sender.send_batch(all.subspan(i, 10));
    }
    auto const came = co_await receive_batches(receiver, buffer, 30);
    CHECK((texts_of(came) == bodies));
    for (std::size_t i = 0; i != 30; ++i) CHECK(came[i].from == (i / 10 == 1 ? other : one).local_endpoint());
  });
}

TEST_CASE("coalesced datagrams larger than the buffer are delivered completely") {
  auto receiver = bound_socket(offload);
  auto sender = bound_socket(joining);
  udp::datagram_buffer buffer(1, 100);
  auto const bodies = numbered_alike(60, 100);
  complete([&]() -> task<> {
    co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
    auto const came = co_await receive_batches(receiver, buffer, 60);
    CHECK((texts_of(came) == bodies));
  });
}

TEST_CASE("one buffer can be used in turn with sockets with and without receive_offload") {
  auto plain = bound_socket();
  auto offloaded = bound_socket(offload);
  auto sender = bound_socket(joining);
  udp::datagram_buffer buffer(8, 512);
  auto const bodies = numbered_alike(8, 100);
  complete([&]() -> task<> {
    for (int round = 0; round != 3; ++round)
      for (auto* const receiver : {&plain, &offloaded}) {
        co_await sender.send_batch(addressed_to(receiver->local_endpoint(), bodies));
        auto const came = co_await receive_batches(*receiver, buffer, 8);
        CHECK((texts_of(came) == bodies));
      }
  });
}

#if defined(UDP_SEGMENT)

TEST_CASE("the longest run of segments that another program can send arrives with exact boundaries") {
  auto receiver = bound_socket(offload);
  auto const sender = raw_datagram_socket();
  udp::datagram_buffer buffer;
  int const segment = 10;
  REQUIRE(::setsockopt(sender.get(), SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0);
  for (std::size_t const count : {64u, 100u, 128u}) {  // newer kernels accept more than 64 segments
    auto const whole = numbered(count, count * 10 - 3);
    try {
      raw_send(sender, whole, receiver.local_endpoint());
    } catch (std::system_error const&) {
      break;
    }
    complete([&]() -> task<> {
      auto const came = co_await receive_batches(receiver, buffer, count);
      REQUIRE(came.size() == count);
      for (std::size_t i = 0; i != count; ++i) CHECK((came[i].text == whole.substr(i * 10, 10)));
    });
  }
}
#endif
