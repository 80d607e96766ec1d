// serve(): the limits on the number of connections, in total and per peer.
#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include "catch.hpp"
#include "net/faulty_system.hpp"
#include "net/local_sockets.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

task<> echo_to_reference(tcp::stream& peer) { co_await echo(peer); }

/// A handler that counts how many connections are open at the same time.
struct connection_counter {
  std::size_t open = 0;
  std::size_t max_open = 0;
  std::vector<endpoint> in_order;
  task<> operator()(tcp::stream& peer) {
    in_order.push_back(peer.remote_endpoint());
    max_open = std::max(max_open, ++open);
    co_await echo(peer);
    --open;
  }
};

/// Empty if this host has no IPv6.
std::optional<tcp::listener> listen_on_v6() {
  try {
    return tcp::listen("[::1]:0");
  } catch (error const&) {
    return std::nullopt;
  }
}

}  // namespace

TEST_CASE("fault 08: connections beyond the limit wait, are served in order, and none is lost") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  connection_counter served;
  std::vector<endpoint> came;
  auto const statistics = serve_during(std::move(listener), std::ref(served), {.max_connections = 3}, [&]() -> task<> {
    std::vector<tcp::stream> clients;
    for (int i = 0; i != 20; ++i) {
      clients.push_back(connect_now(where));
      came.push_back(clients.back().local_endpoint());
    }
    for (auto& each : clients) {
      co_await check_echo(each, "hello");
      each.shutdown_write();
      co_await wait_for_the_end(each);
    }
  });
  CHECK(served.max_open == 3);
  CHECK(served.in_order == came);
  CHECK(statistics.accepted == 20);
  CHECK(statistics.served == 20);
  CHECK(statistics.rejected == 0);
}

TEST_CASE("fault 08: connections beyond the limit are closed and counted if the overload policy is reject") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  serve_options options{.max_connections = 2, .when_full = overload::reject};
  hook_recorder notes;
  notes.take_events(options);
  std::string refused;
  auto const statistics = serve_during(std::move(listener), echo_to_reference, options, [&]() -> task<> {
    auto first = connect_now(where);
    auto second = connect_now(where);
    auto third = connect_now(where);
    refused = fmt::format("{} rejected: too many connections", third.local_endpoint());
    co_await check_rest(third, "");
    co_await check_echo(first, "hello");
    co_await check_echo(second, "hello");
    first.shutdown_write();
    co_await check_rest(first, "");
    co_await turns(5);
    auto fourth = connect_now(where);
    co_await check_echo(fourth, "hello");
  });
  CHECK(statistics.accepted == 4);
  CHECK(statistics.rejected == 1);
  CHECK(std::count(notes.events.begin(), notes.events.end(), refused) == 1);
}

TEST_CASE("two listeners of one server share its limit") {
  std::vector<tcp::listener> listeners;
  for (int i = 0; i != 2; ++i) listeners.push_back(tcp::listen("127.0.0.1:0"));
  std::vector const places{listeners[0].local_endpoint(), listeners[1].local_endpoint()};
  connection_counter served;
  auto const statistics = serve_during(std::move(listeners), std::ref(served), {.max_connections = 3}, [&]() -> task<> {
    std::vector<tcp::stream> clients;
    for (std::size_t i = 0; i != 12; ++i) clients.push_back(connect_now(places[i % 2]));
    auto exchange = [](tcp::stream& with) -> task<> {
      co_await check_echo(with, "hello");
      with.shutdown_write();
      co_await wait_for_the_end(with);
    };
    co_await with_task_group([&](task_group& all) -> task<> {
      for (auto& each : clients) all.spawn(exchange(each));
      co_return;
    });
  });
  CHECK(served.max_open == 3);
  CHECK(statistics.served == 12);
}

TEST_CASE("two serve calls of one server on one loop share its limit") {
  auto one = tcp::listen("127.0.0.1:0");
  auto other = tcp::listen("127.0.0.1:0");
  auto first = connect_now(one.local_endpoint());
  auto second = connect_now(other.local_endpoint());
  connection_counter served;
  server which({.max_connections = 1});
  complete([&]() -> task<> {
    auto end = [&]() -> task<> {
      co_await eventually([&] { return served.open == 1; });
      co_await turns(10);
      first.shutdown_write();
      second.shutdown_write();
      co_await wait_for_the_end(first);
      co_await wait_for_the_end(second);
      which.stop();
    };
    co_await when_all(which.serve(std::move(one), std::ref(served)), which.serve(std::move(other), std::ref(served)),
                      end());
  });
  CHECK(served.max_open == 1);
  CHECK(which.statistics().served == 2);
}

TEST_CASE("the limit per peer applies to each address separately") {
  auto listener = tcp::listen("0.0.0.0:0");
  auto const where = endpoint::loopback_v4(listener.local_endpoint().port());
  serve_options options{.max_connections_per_peer = 2};
  hook_recorder notes;
  notes.take_events(options);
  auto const statistics = serve_during(std::move(listener), echo_to_reference, options, [&]() -> task<> {
    auto first = connect_now(where);
    auto second = connect_now(where);
    auto third = connect_now(where);
    auto other = connect_now_from("127.0.0.2", where);
    co_await check_rest(third, "");
    co_await check_echo(first, "hello");
    co_await check_echo(second, "hello");
    co_await check_echo(other, "hello");
    first.shutdown_write();
    co_await check_rest(first, "");
    co_await turns(5);
    auto fourth = connect_now(where);
    co_await check_echo(fourth, "hello");
  });
  CHECK(statistics.rejected == 1);
  auto const says_why = [](auto& each) { return each.ends_with(" rejected: too many connections from this peer"); };
  CHECK(std::count_if(notes.events.begin(), notes.events.end(), says_why) == 1);
}

TEST_CASE("the limit per peer applies to IPv6 networks") {
  auto listener = listen_on_v6();
  if (!listener) return;
  auto const where = listener->local_endpoint();
  auto const statistics =
      serve_during(std::move(*listener), echo_to_reference, {.max_connections_per_peer = 1}, [&]() -> task<> {
        auto first = connect_now(where);
        auto second = connect_now(where);
        co_await check_rest(second, "");
        co_await check_echo(first, "hello");
      });
  CHECK(statistics.rejected == 1);
}

TEST_CASE("an IPv4 client of an IPv6 listener counts as the same peer as on an IPv4 listener") {
  if (!listen_on_v6()) return;
  auto v4 = tcp::listen("127.0.0.1:0");
  auto both = tcp::listen("[::]:0");
  auto const one = v4.local_endpoint();
  auto const other = endpoint::loopback_v4(both.local_endpoint().port());
  std::vector<tcp::listener> listeners;
  listeners.push_back(std::move(v4));
  listeners.push_back(std::move(both));
  auto const statistics =
      serve_during(std::move(listeners), echo_to_reference, {.max_connections_per_peer = 1}, [&]() -> task<> {
        auto first = connect_now(one);
        co_await check_echo(first, "hello");
        auto second = connect_now(other);
        co_await check_rest(second, "");
        auto third = connect_now_from("127.0.0.2", other);
        co_await check_echo(third, "hello");
      });
  CHECK(statistics.rejected == 1);
}

TEST_CASE("the limit per peer applies to processes of this host") {
  auto const where = abstract_name();
  auto const handler = [](local::stream& peer) -> task<> { co_await echo(peer); };
  auto const statistics = serve_during(local::listen(where), handler, {.max_connections_per_peer = 1}, [&]() -> task<> {
    auto first = co_await local::connect(where);
    co_await check_echo(first, "hello");
    auto second = co_await local::connect(where);
    co_await check_rest(second, "");
  });
  CHECK(statistics.rejected == 1);
}

TEST_CASE("clients in other PID namespaces are counted by user") {
  peers_of_other_namespaces const elsewhere;
  auto const where = abstract_name();
  auto const handler = [](local::stream& peer) -> task<> {
    CHECK_FALSE(peer.peer_credentials().pid);
    co_await echo(peer);
  };
  serve_options options{.max_connections_per_peer = 1};
  hook_recorder notes;
  notes.take_events(options);
  auto const statistics = serve_during(local::listen(where), handler, options, [&]() -> task<> {
    auto first = co_await local::connect(where);
    co_await check_echo(first, "hello");
    auto second = co_await local::connect(where);
    co_await check_rest(second, "");
  });
  CHECK(statistics.rejected == 1);
  auto const rejection = fmt::format("a process of user {} rejected: too many connections from this peer", ::geteuid());
  CHECK(std::count(notes.events.begin(), notes.events.end(), rejection) == 1);
}

TEST_CASE("a connection that is refused does not count towards any limit") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  bool welcome = false;
  serve_options options{.max_connections = 1, .max_connections_per_peer = 1};
  options.when_full = GENERATE(overload::wait, overload::reject);
  options.on_connect = [&](peer const&) { return welcome; };
  auto const statistics = serve_during(std::move(listener), echo_to_reference, options, [&]() -> task<> {
    for (int i = 0; i != 5; ++i) {
      auto unwelcome = connect_now(where);
      co_await check_rest(unwelcome, "");
    }
    welcome = true;
    auto client = connect_now(where);
    co_await check_echo(client, "hello");
  });
  CHECK(statistics.accepted == 6);
  CHECK(statistics.rejected == 5);
}

TEST_CASE("on_connect decides which connections are served") {
  auto listener = tcp::listen("0.0.0.0:0");
  auto const where = endpoint::loopback_v4(listener.local_endpoint().port());
  serve_options options;
  options.on_connect = [](peer const& who) { return who.ip()->to_string().starts_with("127.0.0.2:"); };
  hook_recorder notes;
  notes.take_events(options);
  auto const statistics = serve_during(std::move(listener), echo_to_reference, options, [&]() -> task<> {
    auto stranger = connect_now(where);
    auto const stranger_is = stranger.local_endpoint();
    co_await check_rest(stranger, "");
    CHECK(notes.events.back() == fmt::format("{} rejected: on_connect returned false", stranger_is));
    auto friendly = connect_now_from("127.0.0.2", where);
    co_await check_echo(friendly, "hello");
  });
  CHECK(statistics.rejected == 1);
}

TEST_CASE("an IPv4 address that on_connect refuses is also refused on an IPv6 listener") {
  auto listener = tcp::listen("[::]:0");
  auto const where = endpoint::loopback_v4(listener.local_endpoint().port());
  serve_options options;
  options.on_connect = [](peer const& who) { return who.ip()->address() != "127.0.0.1"; };
  hook_recorder notes;
  notes.take_events(options);
  auto const statistics = serve_during(std::move(listener), echo_to_reference, options, [&]() -> task<> {
    auto banned = connect_now(where);
    auto const banned_is = banned.local_endpoint();
    co_await check_rest(banned, "");
    CHECK(notes.events.back() == fmt::format("{} rejected: on_connect returned false", banned_is));
    auto other = connect_now_from("127.0.0.2", where);
    co_await check_echo(other, "hello");
  });
  CHECK(statistics.rejected == 1);
}

TEST_CASE("a connection for which on_connect throws is rejected and reported, and others are served") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  int calls = 0;
  serve_options options{.max_connections = 1};
  options.on_connect = [&](peer const&) -> bool {
    if (++calls == 1) throw std::runtime_error("no list of friends");
    if (calls == 2) throw canceled();
    return true;
  };
  hook_recorder notes;
  notes.take_errors(options);
  auto const statistics = serve_during(std::move(listener), echo_to_reference, options, [&]() -> task<> {
    for (int i = 0; i != 2; ++i) {
      auto unlucky = connect_now(where);
      co_await check_rest(unlucky, "");
    }
    auto client = connect_now(where);
    co_await check_echo(client, "hello");
  });
  CHECK(statistics.rejected == 2);
  CHECK(notes.reasons == std::vector<std::string>{"no list of friends", "canceled"});
}
