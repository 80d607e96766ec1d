// Bytes that a handler has written before it throws still reach its peer. Also: connections that are accepted too late.
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

using reader = buffered_reader<tcp::stream>;
using writer = buffered_writer<tcp::stream>;

}  // namespace

TEST_CASE("fault 40: bytes printed by a handler that then throws reach a peer that has sent unread data") {
  auto const request = GENERATE(std::string("GET\n"), "GET\n" + std::string(1'000'000, 'u'));
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  serve_options options;
  hook_recorder notes;
  notes.take_errors(options);
  auto const handler = [](reader& in, writer& out) -> task<> {
    auto const line = co_await in.read_line();
    co_await out.print("400 {} is bad\n", *line);
    throw std::runtime_error("a bad request");
  };
  auto const statistics = serve_during(std::move(listener), handler, options, [&]() -> task<> {
    auto client = connect_now(where);
    co_await client.write(request);
    co_await check_rest(client, "400 GET is bad\n");
  });
  CHECK(statistics.failed == 1);
  CHECK(notes.reasons == std::vector<std::string>{"a bad request"});
}

TEST_CASE("fault 40: bytes written by a handler that then throws reach a peer that is still sending") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  serve_options options;
  hook_recorder notes;
  notes.take_errors(options);
  auto const handler = [](tcp::stream& peer) -> task<> {
    co_await peer.write("413 too large");
    throw std::runtime_error("too large");
  };
  auto const statistics = serve_during(std::move(listener), handler, options, [&]() -> task<> {
    auto client = connect_now(where);
    std::string const large(1'000'000, 'u');
    co_await client.write(large);
    co_await check_rest(client, "413 too large");
  });
  CHECK(statistics.failed == 1);
}

TEST_CASE("fault 40: after a handler has thrown, a peer that accepts nothing is waited for at most for the linger") {
  auto const linger = GENERATE(0ms, 20ms);
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  serve_options options{.linger = linger};
  hook_recorder notes;
  notes.take_errors(options);
  auto const handler = [](reader&, writer& out) -> task<> {
    std::string const large(16'000, 'x');
    while (out.stream().bytes_written() < 32'000'000) {
      if (!out.try_write(large) && !co_await as_result(timeout(20ms, out.flush()))) break;
    }
    throw std::runtime_error("enough");
  };
  serve_during(std::move(listener), handler, options, [&]() -> task<> {
    auto client = connect_now(where);
    co_await eventually([&] { return !notes.reasons.empty(); });
  });
  CHECK(notes.reasons == std::vector<std::string>{"enough"});
}

TEST_CASE("fault 40: a handler that has thrown is reported before its peer has closed") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  serve_options options{.linger = 1h};
  hook_recorder notes;
  notes.take_errors(options);
  auto const handler = [](tcp::stream&) -> task<> {
    throw std::runtime_error("out of luck");
    co_return;
  };
  serve_during(std::move(listener), handler, options, [&]() -> task<> {
    auto client = connect_now(where);
    co_await eventually([&] { return !notes.reasons.empty(); });
  });
  CHECK(notes.reasons == std::vector<std::string>{"out of luck"});
}

TEST_CASE("fault 43: a connection that starts after the drain time is canceled") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto client = connect_now(listener.local_endpoint());
  server which({.max_connections = 1, .drain = 0s});
  which.stop();  // the waiting client is accepted, and its handler starts when no time is left
  auto const handler = [](tcp::stream&) -> task<> { co_await forever(); };
  auto const statistics =
      complete([&]() -> task<server_statistics> { return which.serve(std::move(listener), handler); });
  CHECK(statistics.accepted == 1);
  CHECK(statistics.aborted == 1);
}
