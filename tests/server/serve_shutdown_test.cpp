// How serve() shuts down: connections get their time to finish, all are counted, and nothing leaks.
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "net/local_sockets.hpp"
#include "sanitized.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

task<> echo_to_reference(tcp::stream& peer) { co_await echo(peer); }

/// Replies when `may_reply` is set, which may be during the drain.
struct slow_handler {
  event& may_reply;
  int& asked;
  task<> operator()(tcp::stream& peer) {
    char request[3];
    co_await peer.read_exactly(request);
    ++asked;
    co_await may_reply.wait();
    co_await peer.write("done");
  }
};

}  // namespace

TEST_CASE("fault 43: requests in progress when the server is stopped get their replies") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  event may_reply;
  int asked = 0;
  server which;
  auto const statistics = complete([&]() -> task<server_statistics> {
    auto clients = [&]() -> task<> {
      std::vector<tcp::stream> all;
      for (int i = 0; i != 5; ++i) {
        all.push_back(connect_now(where));
        co_await all.back().write("GET");
      }
      co_await eventually([&] { return asked == 5; });
      which.stop();
      co_await turns(20);
      may_reply.set();
      for (auto& each : all) co_await check_rest(each, "done");
    };
    co_return co_await serve_beside(which, std::move(listener), slow_handler{may_reply, asked}, clients);
  });
  CHECK(statistics.accepted == 5);
  CHECK(statistics.served == 5);
  CHECK(statistics.drained == 5);
}

TEST_CASE("fault 43: a cancel from outside drains as well and returns the statistics") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto client = connect_now(listener.local_endpoint());
  event may_reply;
  int asked = 0;
  complete([&]() -> task<> {
    cancel_scope scope;
    auto serving = [&]() -> task<> {
      auto const statistics = co_await serve(std::move(listener), slow_handler{may_reply, asked}, {.linger = 10ms});
      CHECK(statistics.served == 1);
      CHECK(statistics.drained == 1);
    };
    auto asking = [&]() -> task<> {
      co_await client.write("GET");
      co_await eventually([&] { return asked == 1; });
      scope.cancel();
      co_await turns(20);
      may_reply.set();
      co_await check_rest(client, "done");
    };
    auto const [ended, asked_all] = co_await when_all(scope.run(serving), asking());
    CHECK(ended);  // it did not end with `canceled`
  });
}

TEST_CASE("fault 43: handlers that run longer than the drain time are canceled, and their connections closed") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto const drain = GENERATE(0ms, 20ms);
  serve_options options{.drain = drain};
  hook_recorder notes;
  notes.take_errors(options);
  notes.take_events(options);
  auto client = connect_now(where);
  auto const begun = clock::now();
  auto const statistics = serve_during(std::move(listener), echo_to_reference, options,
                                       [&]() -> task<> { co_await check_echo(client, "hello"); });
  CHECK(clock::now() - begun >= drain);
  CHECK(statistics.aborted == 1);
  CHECK(statistics.drained == 0);
  CHECK(notes.errors.empty());
  CHECK(notes.kinds.at(2) == server_event::kind::aborted);
}

TEST_CASE("a handler that is canceled may clean up inside a shield with a timeout of its own") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto client = connect_now(listener.local_endpoint());
  server which({.drain = 0s});
  bool has_begun = false;
  bool has_cleaned_up = false;
  auto const handler = [&](tcp::stream&) -> task<> {
    has_begun = true;
    try {
      co_await forever();
    } catch (canceled const&) {
      has_begun = false;
    }
    co_await shield(timeout(1h, sleep_for(10ms)));
    has_cleaned_up = true;
    throw canceled();
  };
  auto const statistics = complete([&]() -> task<server_statistics> {
    auto clients = [&]() -> task<> { co_await eventually([&] { return has_begun; }); };
    co_return co_await serve_beside(which, std::move(listener), handler, clients);
  });
  CHECK(has_cleaned_up);
  CHECK(statistics.aborted == 1);
}

TEST_CASE("a handler that has replied and only waits for its peer to close is counted as served") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto client = connect_now(listener.local_endpoint());
  auto const handler = [](tcp::stream& peer) -> task<> { co_await peer.write("bye"); };
  auto const statistics = serve_during(std::move(listener), handler, {.drain = 0s, .linger = 1h},
                                       [&]() -> task<> { co_await check_rest(client, "bye"); });
  CHECK(statistics.served == 1);
  CHECK(statistics.aborted == 0);
  CHECK(statistics.drained == 1);
}

TEST_CASE("on_drain is called once and can make handlers end early") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  event closing;
  int calls = 0;
  serve_options options{.drain = 1h, .linger = 10ms};
  options.on_drain = [&] {
    ++calls;
    closing.set();
  };
  auto const handler = [&](tcp::stream& peer) -> task<> {
    co_await when_any(echo(peer), closing.wait());
    co_await peer.write("closing");
  };
  tcp::stream client = connect_now(where);
  auto const statistics =
      serve_during(std::move(listener), handler, options, [&]() -> task<> { co_await check_echo(client, "hello"); });
  CHECK(calls == 1);
  CHECK(statistics.served == 1);
  CHECK(statistics.drained == 1);
  complete([&]() -> task<> { co_await check_rest(client, "closing"); });
}

TEST_CASE("connections in the backlog when the server is stopped are served and not reset") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  std::vector<tcp::stream> clients;
  auto const statistics = serve_during(std::move(listener), echo_to_reference, {}, [&]() -> task<> {
    co_await turns(10);
    for (int i = 0; i != 20; ++i) {
      clients.push_back(connect_now(where));
      ::send(clients.back().native_handle(), "hello", 5, MSG_NOSIGNAL);
      clients.back().shutdown_write();
    }
    // the server is stopped before the loop has been notified of them
  });
  CHECK(statistics.accepted == 20);
  CHECK(statistics.served == 20);
  complete([&]() -> task<> {
    for (auto& each : clients) co_await check_rest(each, "hello");
  });
}

TEST_CASE("a server that is full when it is stopped accepts no more connections and ends") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  tcp::stream first;
  tcp::stream second;
  auto const statistics =
      serve_during(std::move(listener), echo_to_reference, {.max_connections = 1, .drain = 10ms}, [&]() -> task<> {
        first = connect_now(where);
        co_await check_echo(first, "hello");
        second = connect_now(where);
        co_await turns(10);
      });
  CHECK(statistics.accepted == 1);
  complete([&]() -> task<> { co_await wait_for_the_end(second); });
}

TEST_CASE("a server that was stopped before it starts serves waiting connections and ends") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto client = connect_now(listener.local_endpoint());
  client.shutdown_write();
  server which;
  which.stop();
  which.stop();
  CHECK(which.is_stopping());
  auto const statistics =
      complete([&]() -> task<server_statistics> { return which.serve(std::move(listener), echo_to_reference); });
  CHECK(statistics.served == 1);
  complete([&]() -> task<> { co_await check_rest(client, ""); });
}

TEST_CASE("a hook may stop the server") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto client = connect_now(listener.local_endpoint());
  client.shutdown_write();
  server* to_stop = nullptr;
  serve_options options;
  options.on_event = [&](server_event const& event) {
    static_cast<void>(to_stop->statistics());
    if (event.type == server_event::kind::served) to_stop->stop();
  };
  server which(options);
  to_stop = &which;
  auto const statistics =
      complete([&]() -> task<server_statistics> { return which.serve(std::move(listener), echo_to_reference); });
  CHECK(statistics.served == 1);
}

TEST_CASE("fault 43: under load, each connection is counted in exactly one place at any time") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  serve_options options{.max_connections = 20, .max_connections_per_peer = 15, .drain = 5ms};
  options.on_error = [](peer const&, std::exception_ptr) {};
  server* looked_at = nullptr;
  bool added_up = true;
  options.on_event = [&](server_event const&) { added_up = added_up && adds_up(looked_at->statistics()); };
  server which(options);
  looked_at = &which;
  int calls = 0;
  auto const handler = [&](tcp::stream& peer) -> task<> {
    int const mine = calls++;
    if (mine % 7 == 0) throw std::runtime_error("out of luck");
    if (mine % 5 == 0) co_await timeout(1ms, forever());
    co_await echo(peer);
  };
  auto const descriptors = open_descriptors();
  auto const statistics = complete([&]() -> task<server_statistics> {
    auto clients = [&]() -> task<> {
      auto come_and_go = [&]() -> task<> {
        for (;;) {
          auto one = co_await tcp::connect(where);
          static_cast<void>(co_await as_result(one.write("hello")));
          char buffer[8];
          static_cast<void>(co_await as_result(one.read(buffer)));
        }
      };
      auto many = [&](task_group& group) -> task<> {
        for (int i = 0; i != 30; ++i)
          group.spawn([&]() -> task<> { static_cast<void>(co_await as_result(come_and_go())); });
        co_await eventually([&] { return which.statistics().accepted >= static_cast<unsigned>(scaled(1000)); });
        which.stop();
        co_await eventually([&] { return which.statistics().active == 0; });
        group.cancel();
      };
      co_await with_task_group(many);
    };
    co_return co_await serve_beside(which, std::move(listener), handler, clients);
  });
  CHECK(added_up);
  CHECK(adds_up(statistics));
  CHECK(statistics.active == 0);
  CHECK(statistics.failed > 0);
  CHECK(statistics.timed_out > 0);
  CHECK(statistics.rejected > 0);
  CHECK(open_descriptors() == descriptors - 1);
}

TEST_CASE("a listener that fails permanently ends the server with its error after the connections have ended") {
  auto one = tcp::listen("127.0.0.1:0");
  raw_socket const bound(::socket(AF_INET, SOCK_STREAM, 0));  // does not listen
  auto client = connect_now(one.local_endpoint());
  event may_reply;
  int asked = 0;
  server which({.linger = 10ms});
  complete([&]() -> task<> {
    std::vector<tcp::listener> listeners;
    listeners.push_back(std::move(one));
    listeners.emplace_back(::dup(bound.get()));
    auto serving = [&]() -> task<> {
      auto const outcome = co_await as_result(which.serve(std::move(listeners), slow_handler{may_reply, asked}));
      CHECK(outcome.message() == "accept on 0.0.0.0:0: invalid argument");
      CHECK(which.statistics().served == 1);
    };
    auto asking = [&]() -> task<> {
      co_await client.write("GET");
      co_await eventually([&] { return asked == 1; });
      may_reply.set();
      co_await check_rest(client, "done");
    };
    co_await when_all(serving(), asking());
  });
}

TEST_CASE("the bytes of all connections are counted") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto const handler = [](tcp::stream& peer) -> task<> {
    char request[10];
    co_await peer.read_exactly(request);
    co_await peer.write("abc");
  };
  auto const statistics = serve_during(std::move(listener), handler, {}, [&]() -> task<> {
    for (int i = 0; i != 3; ++i) {
      auto client = connect_now(where);
      co_await client.write("0123456789");
      client.shutdown_write();
      co_await check_rest(client, "abc");
    }
  });
  CHECK(statistics.bytes_received == 30);
  CHECK(statistics.bytes_sent == 9);
}
