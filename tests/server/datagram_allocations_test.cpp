// In steady state a datagram server allocates nothing, whether its handlers wait or not.
#include "allocation_counter.hpp"

#if STRAIT_TESTS_COUNT_ALLOCATIONS

#include <string>

#include "datagram_servers.hpp"

using namespace strait;
using namespace strait::test;

namespace {

template <class Handler>
long allocations_of_serving(Handler handler, udp::serve_options options = {}) {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  long counted = -1;
  serve_while(
      std::move(server), handler,
      [&]() -> task<> {
        char message[16] = {};
        auto exchange = [&]() -> task<> {
          for (int i = 0; i != 3; ++i) co_await client.sendto(message, where);
          for (int i = 0; i != 3; ++i) static_cast<void>(co_await client.recv(message));
        };
        counted = co_await allocations_of(exchange);
      },
      options);
  return counted;
}

task<> wait_and_echo(udp::request& question) {
  co_await turns(3);
  co_await question.reply(question.bytes());
}

}  // namespace

TEST_CASE("serving datagrams without waiting allocates nothing") { CHECK(allocations_of_serving(echo) == 0); }

TEST_CASE("serving datagrams with handlers that wait allocates nothing, whatever the maximum datagram size") {
  auto const longest = GENERATE(std::size_t(2048), std::size_t(65'507));
  CHECK(allocations_of_serving(wait_and_echo, {.max_datagram_size = longest, .handler_timeout = 1h}) == 0);
}

#endif
