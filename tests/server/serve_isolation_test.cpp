// serve(): a failure of one connection is reported and does not affect the others.
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include "catch.hpp"
#include "core/program.hpp"
#include "failing_memory.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct outcome {
  server_statistics statistics;
  std::vector<std::string> errors;
  std::vector<std::string> events;
  std::string client;
};

/// Serves a client that behaves as `misbehave` does, beside another one that is connected before it and stays longer.
/// The first call of the handler is for the other one, which is echoed.
template <class Handler, class Client>
outcome serve_beside_another(Handler handler, Client misbehave, serve_options options = {}) {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  outcome seen;
  hook_recorder notes;
  if (!options.on_error) notes.take_errors(options);
  if (!options.on_event) notes.take_events(options);
  bool first = true;
  auto const echo_or_handle = [&](tcp::stream& peer) -> task<> {
    if (std::exchange(first, false)) co_await echo(peer);
    else co_await handler(peer);
  };
  seen.statistics = serve_during(std::move(listener), echo_or_handle, options, [&]() -> task<> {
    auto other = connect_now(where);
    co_await check_echo(other, "before");
    auto client = connect_now(where);
    seen.client = client.local_endpoint().to_string();
    co_await misbehave(client);
    co_await check_echo(other, "after");
    other.shutdown_write();
    co_await check_rest(other, "");
  });
  CHECK(seen.statistics.accepted == 2);
  CHECK(seen.statistics.active == 0);
  CHECK(adds_up(seen.statistics));
  seen.errors = notes.errors;
  seen.events = notes.events;
  return seen;
}

task<> wait_for_end_of(tcp::stream& client) { co_await wait_for_the_end(client); }

struct custom_failure {};

}  // namespace

TEST_CASE("fault 40: a handler that throws is reported with its peer, and the other connections continue") {
  auto const seen = serve_beside_another(
      [](tcp::stream&) -> task<> {
        throw std::runtime_error("out of luck");
        co_return;
      },
      wait_for_end_of);
  CHECK(seen.statistics.failed == 1);
  CHECK(seen.statistics.served == 1);
  CHECK(seen.errors == std::vector<std::string>{seen.client + ": out of luck"});
  CHECK_THAT(seen.events.at(2), ContainsSubstring(seen.client + " failed after "));
  CHECK_THAT(seen.events.at(2), ContainsSubstring(": out of luck"));
}

TEST_CASE("fault 40: a callable that throws before it returns a task is reported as well") {
  auto const seen =
      serve_beside_another([](tcp::stream&) -> task<> { throw std::runtime_error("out of tasks"); }, wait_for_end_of);
  CHECK(seen.errors == std::vector<std::string>{seen.client + ": out of tasks"});
}

TEST_CASE("fault 40: an exception of any type in a handler is reported") {
  auto const one = serve_beside_another(
      [](tcp::stream&) -> task<> {
        throw 42;
        co_return;
      },
      wait_for_end_of);
  CHECK(one.statistics.failed == 1);
  CHECK_THAT(one.errors.at(0), ContainsSubstring("int"));

  auto const other = serve_beside_another(
      [](tcp::stream&) -> task<> {
        throw custom_failure();
        co_return;
      },
      wait_for_end_of);
  CHECK_THAT(other.errors.at(0), ContainsSubstring("custom_failure"));

  auto const third = serve_beside_another(
      [](tcp::stream&) -> task<> {
        throw error(std::make_error_code(std::errc::no_space_on_device), "write upload.txt");
        co_return;
      },
      wait_for_end_of);
  CHECK(third.errors.at(0) == third.client + ": write upload.txt: no space left on device");
}

TEST_CASE("fault 40: a handler that throws canceled although it was not canceled has failed") {
  auto const seen = serve_beside_another(
      [](tcp::stream&) -> task<> {
        throw canceled();
        co_return;
      },
      wait_for_end_of);
  CHECK(seen.statistics.failed == 1);
  CHECK(seen.errors == std::vector<std::string>{seen.client + ": canceled"});
}

TEST_CASE("fault 41: bad_alloc in a handler drops only that connection") {
  auto const seen = serve_beside_another(
      [](tcp::stream&) -> task<> {
        throw std::bad_alloc();
        co_return;
      },
      wait_for_end_of);
  CHECK(seen.statistics.failed == 1);
  CHECK(seen.errors.at(0) == seen.client + ": std::bad_alloc");
}

#if STRAIT_TESTS_FAIL_MEMORY

TEST_CASE("fault 41: a handler for whose frame there is no memory drops only that connection") {
  auto const handler = [](tcp::stream& peer) -> task<> {
    char large[100'000];  // part of the frame
    while (auto const n = co_await peer.read(large)) co_await peer.write(const_buffer(large, n));
  };
  auto const seen = serve_beside_another(handler, [](tcp::stream& client) -> task<> {
    no_memory_from const large_blocks(100'000);
    co_await wait_for_the_end(client);
  });
  CHECK(seen.statistics.failed == 1);
  CHECK(seen.errors.at(0) == seen.client + ": std::bad_alloc");
}

#endif

TEST_CASE("a hook of a server that throws does no harm") {
  serve_options options;
  int called = 0;
  options.on_error = [&](peer const&, std::exception_ptr) {
    ++called;
    throw std::runtime_error("a test's on_error");
  };
  options.on_event = [&](server_event const&) {
    ++called;
    throw 42;
  };
  options.on_drain = [&] {
    ++called;
    throw canceled();
  };
  auto const seen = serve_beside_another(
      [](tcp::stream&) -> task<> {
        throw std::runtime_error("out of luck");
        co_return;
      },
      wait_for_end_of, options);
  CHECK(seen.statistics.failed == 1);
  CHECK(called == 8);  // 6 events, an error, and the drain
}

TEST_CASE("fault 16: a reset by the peer is an error of that connection only") {
  auto const seen =
      serve_beside_another([](tcp::stream& peer) -> task<> { co_await echo(peer); },
                           [](tcp::stream& client) -> task<> {
                             co_await check_echo(client, "hello");
                             linger const at_once{1, 0};
                             ::setsockopt(client.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
                             client.close();
                           });
  CHECK(seen.statistics.failed == 1);
  CHECK(seen.errors.at(0) == fmt::format("{0}: read from {0}: connection reset by peer", seen.client));
}

TEST_CASE("fault 17: a write to a peer that has closed is an error of that connection, and raises no signal") {
  auto const handler = [](tcp::stream& peer) -> task<> {
    for (;;) co_await peer.write("is anybody there?");
  };
  auto const seen = serve_beside_another(handler, [](tcp::stream& client) -> task<> {
    client.close();
    co_return;
  });
  CHECK(seen.statistics.failed == 1);
  CHECK_THAT(seen.errors.at(0), ContainsSubstring("write to " + seen.client));
}

TEST_CASE("fault 18: pending replies are delivered after a half-close of the peer") {
  std::string const reply(1'000'000, 'r');
  auto const handler = [&](tcp::stream& peer) -> task<> {
    static_cast<void>(co_await receive_to_the_end(peer));
    co_await peer.write(reply);
  };
  auto const seen = serve_beside_another(handler, [&](tcp::stream& client) -> task<> {
    co_await client.write("a request");
    client.shutdown_write();
    auto const received = co_await receive_to_the_end(client);
    CHECK(received.size() == reply.size());
  });
  CHECK(seen.statistics.served == 2);
}

TEST_CASE("fault 19: a reply is not lost if there is unread input when the handler ends") {
  auto const handler = [](tcp::stream& peer) -> task<> { co_await peer.write("413 too large"); };
  auto const seen = serve_beside_another(handler, [](tcp::stream& client) -> task<> {
    std::string const large(1'000'000, 'u');
    co_await client.write(large);  // the server has already replied
    co_await check_rest(client, "413 too large");
    client.close();
  });
  CHECK(seen.statistics.served == 2);
  CHECK(seen.errors.empty());
}

TEST_CASE("fault 19: a reply of a handler with a reader and a writer is not lost if there is unread input") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto const handler = [](buffered_reader<tcp::stream>& in, buffered_writer<tcp::stream>& out) -> task<> {
    static_cast<void>(co_await in.read_line());
    co_await out.write("413 too large");
  };
  auto const statistics = serve_during(std::move(listener), handler, {}, [&]() -> task<> {
    auto client = connect_now(where);
    co_await client.write("PUT\n");
    std::string const large(1'000'000, 'u');
    co_await client.write(large);
    co_await check_rest(client, "413 too large");
  });
  CHECK(statistics.served == 1);
}

TEST_CASE("a peer that does not close is waited for no longer than the linger") {
  auto const linger = GENERATE(0ms, 20ms);
  auto const seen = serve_beside_another([](tcp::stream& peer) -> task<> { co_await peer.write("bye"); },
                                         [](tcp::stream& client) -> task<> {
                                           co_await check_rest(client, "bye");
                                           auto const reset = [&]() -> task<> {
                                             for (;;) {
                                               co_await client.write("x");
                                               co_await sleep_for(1ms);
                                             }
                                           };
                                           auto const outcome = co_await as_result(reset());
                                           CHECK_FALSE(outcome);
                                         },
                                         {.linger = linger});
  CHECK(seen.statistics.served == 2);
  CHECK(seen.errors.empty());
}

TEST_CASE("server whose standard error has no reader", "[.]") {
  int ends[2];
  if (::pipe(ends) != 0) exit_with(100);
  ::dup2(ends[1], STDERR_FILENO);
  ::close(ends[0]);
  ::close(ends[1]);
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto const fail = [](tcp::stream&) -> task<> {
    throw std::runtime_error("out of luck");
    co_return;
  };
  auto const statistics = serve_during(std::move(listener), fail, {}, [&]() -> task<> {
    for (int i = 0; i != 3; ++i) {
      auto client = connect_now(where);
      co_await wait_for_end_of(client);
    }
  });
  exit_with(static_cast<int>(statistics.failed));
}
TEST_CASE("reporting a failed handler to a standard error without a reader does not end the server") {
  program server("server whose standard error has no reader");
  CHECK(server.status() == 3);
}
