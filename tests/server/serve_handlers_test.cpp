// serve(): the kinds of handlers, and their arguments.
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "net/local_sockets.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

task<> echo_to_reference(tcp::stream& peer) { co_await echo(peer); }
task<> echo_to_value(tcp::stream peer) { co_await echo(peer); }
task<> echo_lines(buffered_reader<tcp::stream>& in, buffered_writer<tcp::stream>& out) {
  while (auto const line = co_await in.read_line()) co_await out.print("{}\n", *line);
}

/// Sends one line to a server that echoes lines.
template <class Handler>
server_statistics serve_one_line(Handler handler) {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  return serve_during(std::move(listener), std::move(handler), {}, [&]() -> task<> {
    auto client = co_await tcp::connect(where);
    co_await check_echo(client, "a line\n");
    client.shutdown_write();
    co_await check_rest(client, "");
  });
}

}  // namespace

TEST_CASE("a handler can take its stream by reference") {
  auto const statistics = serve_one_line(echo_to_reference);
  CHECK(statistics.accepted == 1);
  CHECK(statistics.served == 1);
}

TEST_CASE("a handler can take its stream by value") {
  auto const statistics = serve_one_line(echo_to_value);
  CHECK(statistics.served == 1);
}

TEST_CASE("a handler can take a reader and a writer") {
  auto const statistics = serve_one_line(echo_lines);
  CHECK(statistics.served == 1);
}

TEST_CASE("a handler can be a lambda with captures and is kept until the end") {
  auto const token = std::make_shared<int>(0);
  auto const handler = [token](tcp::stream& peer) -> task<> {
    ++*token;
    co_await echo(peer);
  };
  serve_one_line(handler);
  CHECK(*token == 1);
  CHECK(token.use_count() == 2);
}

TEST_CASE("a handler can be a move-only lambda") {
  int called = 0;
  auto handler = [owned = std::make_unique<int>(1), &called](tcp::stream peer) -> task<> {
    called += *owned;
    co_await echo(peer);
  };
  serve_one_line(std::move(handler));
  CHECK(called == 1);
}

TEST_CASE("a generic lambda can take its stream by reference or by value") {
  CHECK(serve_one_line([](auto& peer) -> task<> { co_await echo(peer); }).served == 1);
  CHECK(serve_one_line([](auto peer) -> task<> { co_await echo(peer); }).served == 1);
  auto const lines = [](auto& in, auto& out) -> task<> {
    while (auto const line = co_await in.read_line()) co_await out.print("{}\n", *line);
  };
  CHECK(serve_one_line(lines).served == 1);
}

TEST_CASE("the replies of a handler with a reader and a writer are sent before it waits, and when it ends") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto const handler = [](auto& in, auto& out) -> task<> {
    co_await out.write("who?");
    auto const name = co_await in.read_line();  // waits, so "who?" is sent
    co_await out.print("hello {}", *name);      // ends, so the rest is sent
  };
  serve_during(std::move(listener), handler, {}, [&]() -> task<> {
    auto client = co_await tcp::connect(where);
    char question[4];
    co_await client.read_exactly(question);
    CHECK(std::string_view(question, 4) == "who?");
    co_await client.write("Ann\n");
    co_await check_rest(client, "hello Ann");
  });
}

TEST_CASE("a handler that takes its stream by value may keep it after it has ended") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  tcp::stream kept;
  auto const handler = [&](tcp::stream peer) -> task<> {
    kept = std::move(peer);
    co_return;
  };
  complete([&]() -> task<> {
    tcp::stream client;
    {
      server which;
      auto clients = [&]() -> task<> {
        client = co_await tcp::connect(where);
        co_await eventually([&] { return which.statistics().served == 1; });
      };
      co_await serve_beside(which, std::move(listener), handler, clients);
    }
    co_await client.write("still there?");
    char buffer[12];
    co_await kept.read_exactly(buffer);
    CHECK(std::string_view(buffer, 12) == "still there?");
  });
}

TEST_CASE("local listeners can be served") {
  temporary_directory const directory;
  auto const where = directory.at("socket");
  auto const handler = [](local::stream& peer) -> task<> { co_await echo(peer); };
  auto const statistics = serve_during(local::listen(where), handler, {}, [&]() -> task<> {
    auto client = co_await local::connect(where);
    co_await check_echo(client, "hello");
    client.shutdown_write();
    co_await wait_for_the_end(client);
  });
  CHECK(statistics.served == 1);
  CHECK(directory.is_empty());
}

TEST_CASE("a vector of listeners of any size can be served") {
  std::size_t const count = GENERATE(0u, 1u, 3u);
  std::vector<tcp::listener> listeners;
  std::vector<endpoint> places;
  for (std::size_t i = 0; i != count; ++i) {
    listeners.push_back(tcp::listen("127.0.0.1:0"));
    places.push_back(listeners.back().local_endpoint());
  }
  auto const statistics = serve_during(std::move(listeners), echo_to_reference, {}, [&]() -> task<> {
    for (auto const& each : places) {
      auto client = co_await tcp::connect(each);
      co_await check_echo(client, "hello");
    }
  });
  CHECK(statistics.accepted == count);
}

TEST_CASE("a tuple of listeners of several kinds can be served by a generic handler") {
  auto tcp_listener = tcp::listen("127.0.0.1:0");
  auto local_listener = local::listen(abstract_name());
  auto const tcp_place = tcp_listener.local_endpoint();
  auto const local_place = local_listener.local_endpoint();
  auto const handler = [](auto& peer) -> task<> { co_await echo(peer); };
  auto const statistics =
      serve_during(std::tuple(std::move(tcp_listener), std::move(local_listener)), handler, {}, [&]() -> task<> {
        auto one = co_await tcp::connect(tcp_place);
        auto other = co_await local::connect(local_place);
        co_await check_echo(one, "over IP");
        co_await check_echo(other, "within");
      });
  CHECK(statistics.accepted == 2);
}

TEST_CASE("serve with options in braces runs in one expression until it is canceled") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto client = connect_now(where);
  complete([&]() -> task<> {
    auto serve_it = [&]() -> task<> {
      co_await serve(std::move(listener), echo_to_reference, {.max_connections = 10});
    };
    auto ask_it = [&]() -> task<> {
      co_await check_echo(client, "hello");
      client.shutdown_write();
    };
    co_await when_any(serve_it(), ask_it());
  });
}

TEST_CASE("hooks that capture by reference can be written in the braces of the options") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto client = connect_now(listener.local_endpoint());
  int admitted = 0;
  int events = 0;
  std::string failure;
  server_statistics statistics;
  complete([&]() -> task<> {
    cancel_scope scope;
    auto serve_it = [&]() -> task<> {
      statistics = co_await serve(std::move(listener),
                                  [](tcp::stream&) -> task<> {
                                    throw std::runtime_error("of no use");
                                    co_return;
                                  },
                                  {.max_connections = 10,
                                   .on_connect = [&](peer const&) { return ++admitted > 0; },
                                   .on_error = [&](peer const&, std::exception_ptr what) { failure = describe(what); },
                                   .on_event = [&](server_event const&) { ++events; }});
    };
    auto end_it = [&]() -> task<> {
      co_await wait_for_the_end(client);
      scope.cancel();
    };
    co_await when_all(scope.run(serve_it), end_it());
  });
  CHECK(admitted == 1);
  CHECK(failure == "of no use");
  CHECK(statistics.failed == 1);
  CHECK(events == 4);  // accepted, failed, draining, drained
}

TEST_CASE("serve can be run as a task and returns its statistics when it is canceled") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto client = connect_now(listener.local_endpoint());
  event_loop loop;
  auto serve_until_canceled = serve(std::move(listener), [&](tcp::stream& peer) -> task<> {
    loop.cancel();
    co_await echo(peer);
  });
  client.shutdown_write();
  auto const statistics = loop.run(std::move(serve_until_canceled));
  CHECK(statistics.served == 1);
}

TEST_CASE("a stream that a handler by reference leaves open is closed") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto const descriptors = open_descriptors();
  auto const handler = [](tcp::stream& peer) -> task<> { co_await peer.write("bye"); };
  serve_during(std::move(listener), handler, {}, [&]() -> task<> {
    auto client = co_await tcp::connect(where);
    co_await check_rest(client, "bye");
  });
  CHECK(open_descriptors() == descriptors - 1);  // the listener
}

TEST_CASE("a handler by reference may close its stream or move from it") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  std::vector<tcp::stream> given;
  auto const handler = [&](tcp::stream& peer) -> task<> {
    if (given.empty()) given.push_back(std::move(peer));
    else peer.close();
    co_return;
  };
  auto const statistics = serve_during(std::move(listener), handler, {}, [&]() -> task<> {
    auto first = co_await tcp::connect(where);
    auto second = co_await tcp::connect(where);
    co_await wait_for_the_end(second);
    CHECK(given.at(0).is_open());
    co_await given.at(0).write("hello");
    char buffer[5];
    co_await first.read_exactly(buffer);
  });
  CHECK(statistics.served == 2);
}

TEST_CASE("the task dump of a server lists its handlers and none of the library's tasks") {
  event_loop loop;
  auto listener = tcp::listen("127.0.0.1:0");
  raw_socket const client = raw_connect(listener.local_endpoint());
  bool has_begun = false;
  auto const handler = [&](tcp::stream& peer) -> task<> {
    has_begun = true;
    co_await echo(peer);
  };
  server which;
  background_task const dropped(loop, which.serve(std::move(listener), handler));
  loop.run([&]() -> task<> {
    while (!has_begun) co_await yield();
  });
  std::istringstream dump(dump_tasks(loop));
  std::string line;
  REQUIRE(std::getline(dump, line));
  CHECK_THAT(line, Catch::Matchers::ContainsSubstring(" at serve_handlers_test.cpp:"));
  CHECK_FALSE(std::getline(dump, line));
}
