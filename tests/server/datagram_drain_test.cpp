// How a datagram server shuts down.
#include <string>
#include <vector>

#include "datagram_servers.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// A server with a socket and a client, and with a handler that waits for an event.
struct waiting_server {
  udp::server server;
  udp::socket socket = bound_socket();
  udp::socket client = bound_socket();
  endpoint where = socket.local_endpoint();
  event answers;
  trace events;

  explicit waiting_server(udp::serve_options const& options) : server(options) {}

  task<> handle(udp::request& question) {
    events.push_back("began");
    try {
      co_await answers.wait();
    } catch (canceled const&) {
      events.push_back("canceled");
      throw;
    }
    co_await question.reply("done");
    events.push_back("ended");
  }
  /// Serves until the server is stopped or canceled.
  task<datagram_statistics> serve() {
    return server.serve(std::move(socket), [this](udp::request& question) { return handle(question); });
  }
  /// Sends a request, and returns when its handler runs.
  task<> ask() {
    auto const active = server.statistics().active;
    co_await client.sendto("?", where);
    co_await until([&] { return server.statistics().active == active + 1; });
  }
};

}  // namespace

TEST_CASE("a datagram server that is canceled returns its statistics") {
  auto const statistics = serve_while(bound_socket(), echo, []() -> task<> { co_await turns(3); });
  CHECK(statistics.received == 0);
}

TEST_CASE("a datagram server that starts in a canceled scope returns its statistics") {
  complete([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    bool is_done = false;
    auto serving = [&]() -> task<> {
      co_await serve(bound_socket(), echo);
      is_done = true;
    };
    co_await scope.run(serving());
    CHECK(is_done);
  });
}

TEST_CASE("a datagram server that was stopped before it starts ends at once") {
  udp::server one;
  one.stop();
  CHECK(one.is_stopping());
  auto const statistics = complete([&]() -> task<datagram_statistics> { return one.serve(bound_socket(), echo); });
  CHECK(statistics.received == 0);
}

TEST_CASE("fault 43: handlers that run when the server is canceled may finish") {
  waiting_server one({.drain = 1h});
  complete([&]() -> task<> {
    cancel_scope scope;
    datagram_statistics statistics;
    auto serving = [&]() -> task<> { statistics = co_await one.serve(); };
    auto served = [&]() -> task<> { co_await scope.run(serving()); };
    auto clients = [&]() -> task<> {
      co_await one.ask();
      co_await one.ask();
      scope.cancel();
      co_await turns(5);
      CHECK(one.server.statistics().active == 2);
      one.answers.set();
      auto const answers = co_await receive_texts(one.client, 2);
      CHECK(answers == texts{"done", "done"});
    };
    co_await when_all(served(), clients());
    CHECK(statistics.served == 2);
  });
  CHECK(one.events == trace{"began", "began", "ended", "ended"});
}

TEST_CASE("fault 43: handlers that are still running at the end of the drain time are canceled") {
  auto const limit = GENERATE(0ms, 10ms);
  waiting_server one({.drain = limit});
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      co_await one.ask();
      co_await one.ask();
      one.server.stop();
    };
    auto const [statistics, nothing] = co_await when_all(one.serve(), clients());
    CHECK(statistics.aborted == 2);
    CHECK(ended(statistics) == 2);
  });
  CHECK(sorted(one.events) == trace{"began", "began", "canceled", "canceled"});
}

TEST_CASE("a server that drains receives no more datagrams") {
  waiting_server one({.drain = 1h});
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      co_await one.ask();
      one.server.stop();
      co_await turns(5);
      co_await one.client.sendto("too late", one.where);
      co_await turns(5);
      one.answers.set();
    };
    auto const [statistics, nothing] = co_await when_all(one.serve(), clients());
    CHECK(statistics.received == 1);
  });
}

TEST_CASE("on_drain can tell handlers to finish") {
  int calls = 0;
  waiting_server* waiting = nullptr;
  waiting_server one({.drain = 1h, .on_drain = [&] {
                        ++calls;
                        waiting->answers.set();
                      }});
  waiting = &one;
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      co_await one.ask();
      CHECK(calls == 0);
      one.server.stop();
    };
    auto const [statistics, nothing] = co_await when_all(one.serve(), clients());
    CHECK(statistics.served == 1);
  });
  CHECK(calls == 1);
}

TEST_CASE("a datagram is served or left to the kernel whenever the server is stopped") {
  for (int before = 0; before != 12; ++before) {
    udp::server one({.drain = 1h});
    auto socket = bound_socket();
    auto client = bound_socket();
    auto const where = socket.local_endpoint();
    complete([&]() -> task<> {
      auto clients = [&]() -> task<> {
        co_await turns(3);
        one.stop();
        co_await turns(before / 4);
        for (int i = 0; i != before % 4; ++i) co_await client.sendto("?", where);
      };
      auto const [statistics, nothing] = co_await when_all(one.serve(std::move(socket), echo), clients());
      CHECK(statistics.served == statistics.received);
      CHECK(statistics.replies == statistics.received);
    });
  }
}
