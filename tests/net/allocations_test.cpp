// In steady state neither tasks nor stream operations allocate.
#include "allocation_counter.hpp"

#if STRAIT_TESTS_COUNT_ALLOCATIONS

#include <span>

#include "catch.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

task<std::size_t> read_message(tcp::stream& from, std::span<char> into) { co_return co_await from.read(into); }

}  // namespace

TEST_CASE("an echo exchange allocates nothing") {
  auto [client, server] = stream_pair();
  long counted = -1;
  complete([&]() -> task<> {
    auto echo = [&]() -> task<> {
      char buffer[4096];
      while (auto const n = co_await server.read(buffer)) co_await server.write(std::span(buffer, n));
    };
    auto ask = [&]() -> task<> {
      char message[64] = {};
      auto exchange = [&]() -> task<> {
        co_await client.write(message);
        co_await client.read_exactly(message);
      };
      counted = co_await allocations_of(exchange);
      client.shutdown_write();
    };
    co_await when_all(echo(), ask());
  });
  CHECK(counted == 0);
}

TEST_CASE("tasks, deadlines, scopes and idle timeouts around an exchange allocate nothing") {
  auto [client, server] = stream_pair();
  long counted = -1;
  complete([&]() -> task<> {
    server.idle_timeout(1h);
    client.idle_timeout(1h);
    auto exchange = [&]() -> task<> {
      char message[64] = {};
      cancel_scope scope;
      co_await scope.run(client.write(message));
      auto const n = co_await timeout(1h, read_message(server, message));
      static_cast<void>(co_await as_result(server.write(const_buffer(message, n))));
      co_await timeout(1h, client.read_exactly(message));
      co_await yield();
    };
    counted = co_await allocations_of(exchange);
  });
  CHECK(counted == 0);
}

TEST_CASE("when_any allocates nothing but the exceptions that end the losing operations") {
  auto [client, server] = stream_pair();
  long counted = -1;
  complete([&]() -> task<> {
    auto exchange = [&]() -> task<> {
      char message[64] = {};
      auto const outcome = co_await when_any(server.read(message), client.write(message), sleep_for(1h));
      static_cast<void>(outcome);
      if (!std::get<0>(outcome)) co_await server.read(message);
    };
    counted = co_await allocations_of(exchange);
  });
  // One for each of the two losing operations and one for the group that runs all three.
  CHECK(counted <= 3 * 1000);
}

#endif
