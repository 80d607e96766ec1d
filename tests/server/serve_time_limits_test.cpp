// serve(): time limits of connections. Each limit closes the connection, is counted and reported, and does not affect
// others.
#include <string>
#include <string_view>

#include <sys/socket.h>

#include "catch.hpp"
#include "net/faulty_system.hpp"
#include "sanitized.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto limit = is_sanitized ? 200ms : 50ms;

task<> read_all(tcp::stream& peer) { static_cast<void>(co_await receive_to_the_end(peer)); }
task<> echo_to_reference(tcp::stream& peer) { co_await echo(peer); }

/// Writes more than the kernels of both ends buffer.
task<> write_without_end(tcp::stream& peer) {
  std::string const block(1 << 20, 'x');
  for (;;) co_await peer.write(block);
}

struct outcome {
  server_statistics statistics;
  std::string error;  ///< the only error
  std::string event;  ///< the second event; the first is that a client has connected
  endpoint client;
};

/// Serves a client that behaves as `misbehave` does until its connection is closed, and then another client.
template <class Handler, class Client>
outcome serve_misbehaving(Handler handler, serve_options options, Client misbehave) {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  hook_recorder notes;
  notes.take_errors(options);
  notes.take_events(options);
  endpoint client_was = where;
  tcp::stream other;
  auto const statistics = serve_during(std::move(listener), handler, options, [&]() -> task<> {
    auto client = connect_now(where);
    client_was = client.local_endpoint();
    auto cut_off = [&]() -> task<> { co_await eventually([&] { return !notes.errors.empty(); }); };
    co_await when_any(as_result(misbehave(client)), cut_off());
    co_await cut_off();
    other = connect_now(where);  // the server must still accept
    co_await eventually([&] { return notes.kinds.back() == server_event::kind::accepted; });
  });
  CHECK(statistics.timed_out == 1);
  CHECK(statistics.accepted == 2);
  CHECK(adds_up(statistics));
  REQUIRE(notes.errors.size() == 1);
  return {statistics, notes.errors.front(), notes.events.at(1), client_was};
}

task<> wait(tcp::stream&) { co_await forever(); }

}  // namespace

TEST_CASE("fault 26: an idle connection is closed after the timeout") {
  auto const seen = serve_misbehaving(echo_to_reference, {.idle_timeout = limit, .drain = 0s}, wait);
  CHECK(seen.error == fmt::format("{0}: read from {0}: timed out", seen.client));
  CHECK_THAT(seen.event, ContainsSubstring(fmt::format("{} timed out after ", seen.client)));
  CHECK_THAT(seen.event, ContainsSubstring(fmt::format(": read from {}: timed out", seen.client)));
}

TEST_CASE("fault 20: a peer that never reads is closed after the write timeout even if it keeps sending") {
  auto const chatter = [](tcp::stream& server) -> task<> {
    for (;;) {
      co_await server.write("x");
      co_await sleep_for(5ms);
    }
  };
  auto const handler = [](tcp::stream& peer) -> task<> { co_await when_all(write_without_end(peer), read_all(peer)); };
  auto const seen = serve_misbehaving(handler, {.idle_timeout = 1h, .write_timeout = limit, .drain = 0s}, chatter);
  CHECK(seen.error == fmt::format("{0}: write to {0} (the peer accepted no data for {1:g} s): timed out", seen.client,
                                  std::chrono::duration<double>(limit).count()));
}

TEST_CASE("fault 27: a peer that has vanished is closed after the write timeout") {
  // The client behaves like a vanished one: it neither reads nor writes.
  auto const seen = serve_misbehaving(write_without_end, {.write_timeout = limit, .drain = 0s}, wait);
  CHECK_THAT(seen.error, ContainsSubstring("the peer accepted no data for"));
}

TEST_CASE("fault 25: a client that sends a byte now and then is closed by the minimum rate") {
  auto const drip = [](tcp::stream& server) -> task<> {
    for (;;) {
      co_await server.write("x");
      co_await sleep_for(5ms);
    }
  };
  auto const seen = serve_misbehaving(
      read_all, {.idle_timeout = 1h, .minimum_receive_rate = 100'000, .receive_rate_window = limit, .drain = 0s}, drip);
  CHECK_THAT(seen.error, ContainsSubstring("the minimum is"));
}

TEST_CASE("a connection is closed after its total time") {
  auto const chatter = [](tcp::stream& server) -> task<> {
    for (;;) co_await check_echo(server, "x");
  };
  auto const seen = serve_misbehaving(echo_to_reference, {.connection_timeout = limit, .drain = 0s}, chatter);
  CHECK(seen.error == fmt::format("{0}: serve {0} within {1:.3g} s: timed out", seen.client,
                                  std::chrono::duration<double>(limit).count()));
}

TEST_CASE("a timeout of the handler's own is counted as a timeout") {
  auto const handler = [first = true](tcp::stream& peer) mutable -> task<> {
    if (!std::exchange(first, false)) co_return;
    co_await timeout(1ms, echo(peer));
  };
  auto const seen = serve_misbehaving(handler, {.drain = 0s}, wait);
  CHECK_THAT(seen.error, ContainsSubstring("timed out"));
}

TEST_CASE("a handler that has ended does not time out while the server waits for its peer") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto const handler = [](tcp::stream& peer) -> task<> { co_await peer.write("bye"); };
  serve_options const options{.connection_timeout = limit, .linger = 4 * limit};
  auto const statistics = serve_during(std::move(listener), handler, options, [&]() -> task<> {
    auto client = connect_now(where);
    co_await check_rest(client, "bye");
    co_await sleep_for(2 * limit);  // and does not close its end
  });
  CHECK(statistics.served == 1);
}

TEST_CASE("a handler may catch its timeout and send an answer") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  auto const handler = [](tcp::stream& peer) -> task<> {
    bool in_time = true;
    try {
      co_await echo(peer);
    } catch (timed_out const&) {
      in_time = false;
    }
    if (!in_time) co_await peer.write("too late");
  };
  auto const statistics = serve_during(std::move(listener), handler, {.idle_timeout = limit}, [&]() -> task<> {
    auto client = connect_now(where);
    co_await check_rest(client, "too late");
  });
  CHECK(statistics.served == 1);
  CHECK(statistics.timed_out == 0);
}

TEST_CASE("fault 28: time limits of a server do not depend on the wall clock") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  serve_options const options{.idle_timeout = 1h, .write_timeout = 1h, .connection_timeout = 1h};
  auto const statistics = serve_during(std::move(listener), echo_to_reference, options, [&]() -> task<> {
    auto client = connect_now(where);
    wrong_wall_clock clock;
    for (auto const offset : {std::chrono::seconds(24h), std::chrono::seconds(-48h)}) {
      clock.set_offset(offset);
      co_await check_echo(client, "hello");
      co_await sleep_for(5ms);
    }
    client.shutdown_write();
    co_await check_rest(client, "");
  });
  CHECK(statistics.served == 1);
}
