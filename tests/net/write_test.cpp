// Writes: all bytes or some, under back-pressure, gathered; half-close.
#include <algorithm>
#include <array>
#include <climits>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  fill_pattern(0, bytes.data(), size);
  return bytes;
}

/// Much more than the kernel accepts at once.
constexpr std::size_t much = 32 * 1024 * 1024;

}  // namespace

TEST_CASE("a write returns the number of bytes written") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    auto const n = co_await stream.write("hello");
    CHECK(n == 5);
  });
  CHECK(peer.receive_exactly(5) == "hello");
}

TEST_CASE("a write of zero bytes completes at once") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    auto n = co_await stream.write(const_buffer());
    CHECK(n == 0);
    n = co_await stream.write(const_buffers());
    CHECK(n == 0);
    n = co_await stream.write_some(std::string());
    CHECK(n == 0);
  });
  CHECK_FALSE(peer.is_readable(0ms));
}

TEST_CASE("fault 12: a write that the kernel accepts in parts is completed") {
  auto [stream, peer] = stream_and_peer();
  std::string received;
  std::thread reader([&] { received = peer.receive_to_the_end(); });
  complete([&]() -> task<> {
    auto const bytes = pattern(much);
    auto const n = co_await stream.write(bytes);
    CHECK(n == much);
    stream.close();
  });
  reader.join();
  CHECK((received == pattern(much)));
}

TEST_CASE("write_some returns the number of bytes that the kernel accepted") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    auto const bytes = pattern(much);
    auto const n = co_await stream.write_some(bytes);
    CHECK(n > 0);
    CHECK(n < much);
    stream.close();
    auto const received = peer.receive_to_the_end();
    CHECK((received == bytes.substr(0, n)));
  });
}

TEST_CASE("write_some waits while the kernel accepts nothing") {
  auto [stream, other] = stream_pair();
  complete([&]() -> task<> {
    auto const bytes = pattern(much);
    std::size_t sent = 0;
    auto fill = [&]() -> task<> {
      for (;;) sent += co_await stream.write_some(const_buffer(bytes.data() + sent, bytes.size() - sent));
    };
    auto const filled = co_await when_any(fill(), sleep_for(50ms));
    CHECK(std::get<1>(filled));
    auto drain = [&]() -> task<> {
      std::string all(sent, '\0');
      co_await other.read_exactly(all);
      CHECK((all == bytes.substr(0, all.size())));
    };
    auto const [n, done] =
        co_await when_all(stream.write_some(const_buffer(bytes.data() + sent, bytes.size() - sent)), drain());
    CHECK(n > 0);
  });
}

TEST_CASE("a write gathers its buffers in order") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    std::string const head = "head ";
    std::array<const_buffer, 5> const buffers{const_buffer(), head, const_buffer(), "body", const_buffer()};
    auto const n = co_await stream.write(buffers);
    CHECK(n == 9);
  });
  CHECK(peer.receive_exactly(9) == "head body");
}

TEST_CASE("a write gathers any number of buffers") {
  auto const count = GENERATE(as<std::size_t>(), 1, 15, 16, 17, 64, IOV_MAX, IOV_MAX + 7);
  auto [stream, peer] = stream_and_peer();
  auto const bytes = pattern(5 * count);
  std::vector<const_buffer> buffers;
  std::size_t total = 0;
  for (std::size_t i = 0; i != count; ++i) {
    buffers.emplace_back(bytes.data() + total, i % 5);
    total += i % 5;
  }
  complete([&]() -> task<> {
    auto const n = co_await stream.write(buffers);
    CHECK(n == total);
    stream.close();
  });
  CHECK(peer.receive_to_the_end() == bytes.substr(0, total));
}

TEST_CASE("a gathered write that the kernel accepts in parts continues at the right byte") {
  auto [stream, peer] = stream_and_peer();
  auto const bytes = pattern(much);
  std::vector<const_buffer> buffers;
  std::size_t at = 0;
  for (std::size_t size = 1; at != much; size = size * 3 % 100'003) {
    std::size_t const part = std::min(size, much - at);
    buffers.emplace_back(bytes.data() + at, part);
    at += part;
  }
  std::string received;
  std::thread reader([&] { received = peer.receive_to_the_end(); });
  complete([&]() -> task<> {
    auto const n = co_await stream.write(buffers);
    CHECK(n == much);
    stream.close();
  });
  reader.join();
  CHECK((received == bytes));
}

TEST_CASE("fault 18: replies are delivered after a half-close") {
  auto [client, server] = stream_pair();
  complete([&]() -> task<> {
    auto serve = [&]() -> task<> {
      std::string request;
      char buffer[64];
      while (auto const n = co_await server.read(buffer)) request.append(buffer, n);
      co_await yield();
      co_await server.write("you said: " + request);
      server.close();
    };
    std::string reply;
    auto ask = [&]() -> task<> {
      co_await client.write("all I have to say");
      client.shutdown_write();
      char buffer[64];
      while (auto const n = co_await client.read(buffer)) reply.append(buffer, n);
    };
    co_await when_all(serve(), ask());
    CHECK(reply == "you said: all I have to say");
  });
}

TEST_CASE("a write after shutdown_write fails") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.shutdown_write();
    auto const outcome = co_await as_result(stream.write("too late"));
    CHECK(outcome.error() == std::errc::broken_pipe);
    CHECK(outcome.message() == "write to " + stream.remote_endpoint().to_string() + ": broken pipe");
  });
}

TEST_CASE("a read and a write can wait at the same time") {
  auto [one, other] = stream_pair();
  complete([&]() -> task<> {
    auto const bytes = pattern(4 * 1024 * 1024);
    auto exchange = [&](tcp::stream& stream) -> task<> {
      std::string received(bytes.size(), '\0');
      co_await when_all(stream.write(bytes), stream.read_exactly(received));
      CHECK((received == bytes));
    };
    co_await when_all(exchange(one), exchange(other));
  });
}

TEST_CASE("fault 17: a write to a peer that has closed fails and raises no signal") {
  auto [stream, peer] = stream_and_peer();
  peer.close();
  complete([&]() -> task<> {
    std::error_code code;
    // The first write is sent before the peer can report that it has closed.
    for (int i = 0; i != 100 && !code; ++i) {
      auto const outcome = co_await as_result(stream.write("is there anybody?"));
      code = outcome.error();
      co_await yield();
    }
    CHECK((code == std::errc::broken_pipe || code == std::errc::connection_reset));
  });
}

TEST_CASE("fault 17: a gathered write to a peer that has closed raises no signal") {
  auto [stream, peer] = stream_and_peer();
  peer.reset();
  complete([&]() -> task<> {
    std::array<const_buffer, 2> const buffers{"is there ", "anybody?"};
    std::error_code code;
    for (int i = 0; i != 100 && !code; ++i) {
      auto const outcome = co_await as_result(stream.write(buffers));
      code = outcome.error();
      co_await yield();
    }
    CHECK((code == std::errc::broken_pipe || code == std::errc::connection_reset));
  });
}

TEST_CASE("a waiting write ends when the peer closes") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    auto const bytes = pattern(much);
    auto reset = [&]() -> task<> {
      for (int i = 0; i != 10; ++i) co_await yield();
      peer.reset();
    };
    auto const [outcome, done] = co_await when_all(as_result(stream.write(bytes)), reset());
    CHECK((outcome.error() == std::errc::broken_pipe || outcome.error() == std::errc::connection_reset));
    try {
      std::rethrow_exception(outcome.exception());
    } catch (error const& e) {
      CHECK(e.transferred() > 0);
      CHECK(e.transferred() < much);
    }
  });
}

TEST_CASE("fault 20: a write to a peer that never reads ends at its deadline and reports the bytes sent") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    auto const bytes = pattern(much);
    std::size_t sent = 0;
    try {
      co_await timeout(30ms, stream.write(bytes));
      FAIL("nothing was thrown");
    } catch (timed_out const& e) {
      sent = e.transferred();
    }
    CHECK(sent > 0);
    CHECK(sent < much);
    stream.close();
    auto const received = peer.receive_to_the_end();
    CHECK((received == bytes.substr(0, sent)));
  });
}
