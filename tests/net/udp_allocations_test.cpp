// In steady state the operations of UDP sockets allocate nothing.
#include "allocation_counter.hpp"

#if STRAIT_TESTS_COUNT_ALLOCATIONS

#include "catch.hpp"
#include "datagrams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// The number of allocations while batches of datagrams are exchanged.
long allocations_of_batches(udp::bind_options receiver_options) {
  auto client = bound_socket();
  auto server = bound_socket(receiver_options);
  auto const where = server.local_endpoint();
  auto const bodies = numbered_of_sizes({10, 10, 10, 20, 0, 30, 30, 10});
  auto const batch = addressed_to(where, bodies);
  udp::datagram_buffer asked;
  udp::datagram_buffer answered;
  return complete([&]() -> task<long> {
    auto exchange = [&]() -> task<> {
      co_await client.send_batch(batch);
      for (std::size_t n = 0; n < bodies.size();) {
        auto const received = co_await server.recv_batch(asked);
        n += received.size();
        co_await server.send_batch(received);
      }
      for (std::size_t n = 0; n < bodies.size();) {
        auto const received = co_await client.recv_batch(answered);
        n += received.size();
      }
    };
    co_return co_await allocations_of(exchange);
  });
}

}  // namespace

TEST_CASE("an exchange with recvfrom and sendto allocates nothing") {
  auto client = bound_socket();
  auto server = bound_socket();
  auto const where = server.local_endpoint();
  long counted = -1;
  complete([&]() -> task<> {
    auto serve = [&]() -> task<> {
      char buffer[64];
      for (;;) {
        auto [size, from, truncated] = co_await server.recvfrom(buffer);
        co_await server.sendto(std::span(buffer, size), from);
        if (size == 0) break;
      }
    };
    auto ask = [&]() -> task<> {
      char message[16] = {};
      auto exchange = [&]() -> task<> {
        co_await client.sendto(message, where);
        static_cast<void>(co_await client.recv(message));
      };
      counted = co_await allocations_of(exchange);
      co_await client.sendto("", where);
    };
    co_await when_all(serve(), ask());
  });
  CHECK(counted == 0);
}

TEST_CASE("waiting receivers and deadlines allocate nothing") {
  auto socket = bound_socket();
  auto const where = socket.local_endpoint();
  long counted = -1;
  complete([&]() -> task<> {
    auto receive_one = [&]() -> task<> {
      char buffer[16];
      static_cast<void>(co_await timeout(1h, socket.recvfrom(buffer)));
    };
    auto send_two = [&]() -> task<> {
      co_await turns(2);
      co_await socket.sendto("1", where);
      co_await socket.sendto("2", where);
    };
    auto exchange = [&]() -> task<> { co_await when_all(receive_one(), receive_one(), send_two()); };
    counted = co_await allocations_of(exchange);
  });
  CHECK(counted == 0);
}

TEST_CASE("exchanges with recv_batch and send_batch allocate nothing") { CHECK(allocations_of_batches({}) == 0); }

TEST_CASE("exchanges with a socket with receive_offload allocate nothing") {
  CHECK(allocations_of_batches({.receive_offload = true}) == 0);
}

#endif
