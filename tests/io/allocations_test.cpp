// In steady state readers and writers allocate nothing.
#include "allocation_counter.hpp"

#if STRAIT_TESTS_COUNT_ALLOCATIONS

#include <strait/strait.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "net/sockets.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("in steady state, reading and writing lines, messages and borrowed bytes allocates nothing") {
  auto [near, far] = stream_pair();
  long counted = -1;
  complete([&, &client = near, &server = far]() -> task<> {
    auto serving = [&]() -> task<> {
      buffered_reader in(server);
      buffered_writer out(server);
      in.tie(out);
      while (auto line = co_await in.read_line()) co_await out.print("hello {}\n", *line);
    };
    auto asking = [&]() -> task<> {
      auto exchange = [&]() -> task<> {
        co_await client.write("some");
        co_await turns(2);
        co_await client.write("one\nand\n");
        for (std::size_t size = 0; size != 24;) size += (co_await client.read_borrowed()).size();
      };
      counted = co_await allocations_of(exchange);
      client.shutdown_write();
    };
    co_await when_all(serving(), asking());
  });
  CHECK(counted == 0);
}

#endif
