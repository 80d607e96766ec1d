// serve() when memory runs out at any point, and its memory use in normal operation.
#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "allocation_counter.hpp"
#include "catch.hpp"
#include "failing_memory.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

#if STRAIT_TESTS_FAIL_MEMORY

namespace {

task<> echo_lines(buffered_reader<tcp::stream>& in, buffered_writer<tcp::stream>& out) {
  while (auto const line = co_await in.read_line()) co_await out.print("{}\n", *line);
}

/// Connects until an answer arrives, since a connection whose allocation fails is dropped.
bool is_answered_in_the_end(endpoint const& where) {
  for (int tries = 0; tries != 5; ++tries) {
    try {
      auto const client = raw_connect(where);
      client.send("hello\n");
      if (client.is_readable(5000ms) && client.receive() == "hello\n") return true;
    } catch (std::system_error const&) {}
  }
  return false;
}

}  // namespace

TEST_CASE("fault 41: a server survives the failure of any of its allocations, and its statistics stay consistent",
          "[threads]") {
  bool has_failed = true;
  int times_given_up = 0;
  for (long n = 0; has_failed; ++n) {
    REQUIRE(n < 300);
    serve_options options{.max_connections_per_peer = 3, .drain = 50ms};
    options.on_error = [](peer const&, std::exception_ptr) {};
    server which(options);
    auto listener = tcp::listen("127.0.0.1:0");
    auto const where = listener.local_endpoint();
    std::atomic<bool> armed = false;
    std::atomic<bool> still_to_fail = false;
    // A new thread, whose lists of free frames are empty.
    std::thread serving([&] {
      event_loop loop;
      loop.post([&, n] {
        allocation_to_fail(n);
        armed = true;
      });
      try {
        loop.run(which.serve(std::move(listener), echo_lines));
      } catch (std::bad_alloc const&) {
        ++times_given_up;
      }
      still_to_fail = allocation_is_to_fail();
      allocation_to_fail(-1);
    });
    while (!armed) std::this_thread::yield();
    INFO("after " << n << " allocations");
    CHECK(is_answered_in_the_end(where));
    raw_socket idle = raw_connect(where);
    which.stop();
    idle.close();  // so that it need not be canceled, which would set an alarm
    serving.join();
    auto const statistics = which.statistics();
    CHECK(statistics.active == 0);
    CHECK(adds_up(statistics));
    has_failed = !still_to_fail;
  }
  CHECK(times_given_up <= 1);  // the very end of a task group allocates
}

#endif

TEST_CASE("fault 10: a flood of connections is held back by the limit and the backlog without further memory") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  std::size_t most = 0;
  serve_options options{.max_connections = 8};
  options.on_event = [&](server_event const& event) { most = std::max(most, event.connections); };
  auto const handler = [](tcp::stream& peer) -> task<> { co_await echo(peer); };
  auto const statistics = serve_during(std::move(listener), handler, options, [&]() -> task<> {
    int answered = 0;
    auto exchange = [&]() -> task<> {
      auto client = co_await tcp::connect(where);
      co_await check_echo(client, "hello");
      ++answered;
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != scaled(400); ++i) group.spawn(exchange());
      co_return;
    });
    CHECK(answered == scaled(400));
  });
  CHECK(most <= 8);
  CHECK(statistics.rejected == 0);
}

#if STRAIT_TESTS_COUNT_ALLOCATIONS

TEST_CASE("in steady state, a connection costs one or two heap allocations for its stream") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  long counted = -1;
  auto const handler = [](tcp::stream& peer) -> task<> { co_await echo(peer); };
  serve_options const options{.max_connections = 10};
  serve_during(std::move(listener), handler, options, [&]() -> task<> {
    auto exchange = [&]() -> task<> {
      raw_socket const client = raw_connect(where);
      client.send("hello");
      client.shutdown_write();
      for (char buffer[8];;) {
        auto const n = ::recv(client.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (n == 0) break;
        if (n < 0) co_await yield();
      }
    };
    counted = co_await allocations_of(exchange);
  });
  CHECK(counted <= 2000);  // the portable engine makes one of its own
}

#endif
