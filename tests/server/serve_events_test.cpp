// What a server reports: events, statistics, peers, and their texts.
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include "catch.hpp"
#include "net/local_sockets.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;
using kind = server_event::kind;

TEST_CASE("events are reported in the order accepted, ended, draining, drained") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  serve_options options;
  hook_recorder notes;
  notes.take_events(options);
  std::vector<std::size_t> connections;
  std::string client_was;
  auto const handler = [](tcp::stream& peer) -> task<> { co_await echo(peer); };
  serve_during(std::move(listener), handler, options, [&]() -> task<> {
    auto client = connect_now(where);
    client_was = client.local_endpoint().to_string();
    co_await check_echo(client, "hello");
    client.shutdown_write();
    co_await check_rest(client, "");
    co_await eventually([&] { return notes.kinds.size() == 2; });
  });
  CHECK(notes.kinds == std::vector{kind::accepted, kind::served, kind::draining, kind::drained});
  CHECK(notes.events.at(0) == client_was + " connected");
  CHECK(notes.events.at(1).starts_with(client_was + " ended after "));
  CHECK(notes.events.at(2) == "draining: 0 connections");
  CHECK(notes.events.at(3).starts_with("drained after "));
}

TEST_CASE("an event contains the peer, the number of connections and the duration") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  std::vector<std::size_t> counts;
  std::chrono::nanoseconds lasted{0};
  std::string failure;
  serve_options options;
  options.on_error = [](peer const&, std::exception_ptr) {};
  options.on_event = [&](server_event const& event) {
    if (event.type == kind::accepted) {
      CHECK(event.peer->ip() != nullptr);
      counts.push_back(event.connections);
    }
    if (event.type == kind::failed) {
      lasted = event.duration;
      failure = describe(event.failure);
    }
    if (event.type == kind::draining) CHECK(event.connections == 0);
    if (event.type == kind::draining || event.type == kind::drained) CHECK(event.peer == nullptr);
  };
  auto const handler = [](tcp::stream& peer) -> task<> {
    char byte[1];
    co_await peer.read(byte);
    co_await sleep_for(2ms);
    throw std::runtime_error("out of luck");
  };
  serve_during(std::move(listener), handler, options, [&]() -> task<> {
    auto one = connect_now(where);
    co_await eventually([&] { return counts.size() == 1; });
    auto other = connect_now(where);
    co_await eventually([&] { return counts.size() == 2; });
    co_await one.write("x");
    co_await other.write("x");
    co_await wait_for_the_end(one);
    co_await wait_for_the_end(other);
    co_await turns(10);
  });
  CHECK(counts == std::vector<std::size_t>{1, 2});
  CHECK(lasted >= 2ms);
  CHECK(failure == "out of luck");
}

TEST_CASE("each event is printed as one line") {
  auto [stream, raw] = stream_and_peer();
  peer const who(stream);
  auto const name = stream.remote_endpoint().to_string();
  server_event event{kind::accepted, &who};
  CHECK(event.to_string() == name + " connected");
  event.type = kind::rejected;
  event.reason = "too many connections";
  CHECK(fmt::format("{}", event) == name + " rejected: too many connections");
  event.bytes_received = 512;
  event.bytes_sent = 64;
  event.duration = 2100ms;
  event.type = kind::served;
  CHECK(event.to_string() == name + " ended after 2.1 s, 512 bytes received, 64 sent");
  event.type = kind::aborted;
  CHECK(event.to_string() == name + " aborted after 2.1 s, 512 bytes received, 64 sent");
  event.failure = std::make_exception_ptr(std::runtime_error("out of luck"));
  event.type = kind::failed;
  CHECK(event.to_string() == name + " failed after 2.1 s, 512 bytes received, 64 sent: out of luck");
  event.type = kind::timed_out;
  CHECK(event.to_string() == name + " timed out after 2.1 s, 512 bytes received, 64 sent: out of luck");

  server_event own{kind::draining};
  own.connections = 7;
  CHECK(own.to_string() == "draining: 7 connections");
  own.type = kind::drained;
  own.duration = 1ms;
  CHECK(own.to_string() == "drained after 0.001 s");
}

TEST_CASE("statistics are printed without zero values") {
  CHECK(server_statistics{}.to_string() == "0 accepted; 0 bytes received, 0 sent");
  server_statistics const some{.accepted = 1000,
                               .served = 990,
                               .failed = 7,
                               .timed_out = 2,
                               .aborted = 1,
                               .bytes_received = 64,
                               .bytes_sent = 32};
  CHECK(fmt::format("{}", some) ==
        "1000 accepted: 990 served, 7 failed, 2 timed out, 1 aborted; 64 bytes received, 32 sent");
  server_statistics const others{.accepted = 5, .rejected = 2, .active = 3, .drained = 1, .accept_back_offs = 4};
  CHECK(others.to_string() ==
        "5 accepted: 3 active, 2 rejected; 1 ended while draining, 4 accept back-offs; 0 bytes received, 0 sent");
}

TEST_CASE("statistics are added member by member") {
  server_statistics sum{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  sum += server_statistics{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110};
  CHECK(sum.accepted == 11);
  CHECK(sum.rejected == 22);
  CHECK(sum.active == 33);
  CHECK(sum.served == 44);
  CHECK(sum.failed == 55);
  CHECK(sum.timed_out == 66);
  CHECK(sum.aborted == 77);
  CHECK(sum.drained == 88);
  CHECK(sum.accept_back_offs == 99);
  CHECK(sum.bytes_received == 110);
  CHECK(sum.bytes_sent == 121);
}

TEST_CASE("a peer is an endpoint or a process of this host") {
  auto [stream, raw] = stream_and_peer();
  peer const far(stream);
  REQUIRE(far.ip());
  CHECK(*far.ip() == raw.where());
  CHECK_FALSE(far.credentials());
  CHECK(far.to_string() == raw.where().to_string());
  CHECK(fmt::format("{:>30}", far).size() == 30);

  auto const [one, other] = local::stream_pair();
  peer const near(one);
  REQUIRE(near.credentials());
  CHECK_FALSE(near.ip());
  CHECK(near.credentials()->pid == ::getpid());
  CHECK(near.to_string() == fmt::format("process {} of user {}", ::getpid(), ::getuid()));
}
