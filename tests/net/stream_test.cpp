// A stream as an object: moves, options, descriptors, and diagnosed misuse.
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "faulty_system.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

int option_of(tcp::stream const& stream, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  REQUIRE(::getsockopt(stream.native_handle(), level, name, &value, &length) == 0);
  return value;
}

task<std::string> read_some(tcp::stream& from) {
  char buffer[64];
  auto const n = co_await from.read(buffer);
  co_return std::string(buffer, n);
}

}  // namespace

TEST_CASE("fault 16: a reset by the peer is an error with a code that names the peer") {
  auto [stream, peer] = stream_and_peer();
  auto [other, other_peer] = stream_pair();
  auto const name = stream.remote_endpoint().to_string();
  complete([&]() -> task<> {
    auto reset = [&]() -> task<> {
      co_await yield();
      peer.reset();
    };
    char buffer[16];
    auto const [outcome, done] = co_await when_all(as_result(stream.read(buffer)), reset());
    CHECK(outcome.error() == std::errc::connection_reset);
    CHECK(outcome.message() == "read from " + name + ": connection reset by peer");
    CHECK(stream.remote_endpoint().to_string() == name);

    co_await other.write("well");  // only the other connection is affected
    auto const text = co_await read_some(other_peer);
    CHECK(text == "well");
  });
}

TEST_CASE("fault 16: a reset that arrived before the read is reported by the read") {
  auto [stream, peer] = stream_and_peer();
  peer.reset();
  complete([&]() -> task<> {
    char buffer[16];
    auto const first = co_await as_result(stream.read(buffer));
    CHECK(first.error() == std::errc::connection_reset);
    auto const second = co_await as_result(stream.read(buffer));
    CHECK(second.error() == std::errc::connection_reset);  // recv(2) would report the end of the stream
  });
}

TEST_CASE("fault 24: two concurrent readers are diagnosed") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char one[4];
    char two[4];
    auto second = [&]() -> task<> {
      co_await yield();
      try {
        co_await stream.read(two);
        FAIL("nothing was thrown");
      } catch (std::logic_error const& e) {
        CHECK(std::string(e.what()) == "strait: two reads at once on the stream with " +
                                           stream.remote_endpoint().to_string() + ": one task at a time may read it");
      }
      peer.send("x");
    };
    auto const [n, done] = co_await when_all(stream.read(one), second());
    CHECK(n == 1);  // the first reader continues
  });
}

TEST_CASE("fault 24: two concurrent writers are diagnosed") {
  auto [stream, peer] = stream_and_peer();
  std::string const much(32 * 1024 * 1024, 'x');
  complete([&]() -> task<> {
    auto second = [&]() -> task<> {
      co_await yield();
      try {
        co_await stream.write("x");
        FAIL("nothing was thrown");
      } catch (std::logic_error const& e) {
        CHECK_THAT(e.what(), ContainsSubstring("two writes at once"));
      }
      stream.close();
    };
    auto const [outcome, done] = co_await when_all(as_result(stream.write(much)), second());
    CHECK(outcome.error() == errc::closed);
  });
}

TEST_CASE("using a stream on two loops is diagnosed") {
  auto [stream, peer] = stream_and_peer();
  event_loop first;
  event_loop second;
  auto write = [&]() -> task<> { co_await stream.write("x"); };
  first.run(write);
  CHECK_THROWS_WITH(second.run(write), ContainsSubstring("is used on two loops: call release() on the first"));
  first.run(write);
}

TEST_CASE("a stream may outlive its loop and be used on another one") {
  auto [stream, peer] = stream_and_peer();
  stream.idle_timeout(1h);
  for (int i = 0; i != 3; ++i) {
    peer.send("x");
    CHECK(complete([&] { return read_some(stream); }) == "x");  // each call runs a new loop
    CHECK(stream.is_open());
  }
}

TEST_CASE("a stream that is released on one loop can be used on another") {
  auto [stream, peer] = stream_and_peer();
  peer.send("onetwo");
  auto read_three = [&]() -> task<std::string> {
    std::string text(3, '\0');
    co_await stream.read_exactly(text);
    co_return text;
  };
  {
    event_loop first;
    CHECK(first.run(read_three) == "one");
    int const descriptor = stream.release();
    CHECK_FALSE(stream.is_open());
    CHECK((::fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0);
    stream = tcp::stream(descriptor);
  }
  event_loop second;
  CHECK(second.run(read_three) == "two");
}

TEST_CASE("a released descriptor stays open and belongs to the caller") {
  auto [stream, peer] = stream_and_peer();
  raw_socket const released(stream.release());
  stream.close();
  released.send("still there");
  CHECK(peer.receive() == "still there");
}

TEST_CASE("a released descriptor causes no further events in its former loop") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    co_await stream.write("x");
    raw_socket const released(stream.release());
    auto [next, next_peer] = stream_and_peer();
    char buffer[4];
    peer.send("to the released one");
    auto const [none, late] = co_await when_any(next.read(buffer), sleep_for(5ms));
    CHECK_FALSE(none);
  });
}

TEST_CASE("a stream that has been moved from is closed and the new one works") {
  auto [first, peer] = stream_and_peer();
  auto const name = first.remote_endpoint();
  tcp::stream second(std::move(first));
  CHECK_FALSE(first.is_open());
  CHECK(second.remote_endpoint() == name);
  tcp::stream third;
  third = std::move(second);
  CHECK_FALSE(second.is_open());
  peer.send("x");
  CHECK(complete([&] { return read_some(third); }) == "x");
}

TEST_CASE("a stream may be moved while a read waits") {
  auto [first, peer] = stream_and_peer();
  complete([&]() -> task<> {
    tcp::stream second;
    auto move = [&]() -> task<> {
      co_await yield();
      second = std::move(first);
      peer.send("moved");
    };
    auto const [text, done] = co_await when_all(read_some(first), move());
    CHECK(text == "moved");
  });
}

TEST_CASE("assigning to a stream closes its previous connection") {
  auto [first, peer] = stream_and_peer();
  auto [second, second_peer] = stream_and_peer();
  first = std::move(second);
  CHECK(peer.receive().empty());
  tcp::stream& same = first;
  first = std::move(same);
  CHECK(first.is_open());
}

TEST_CASE("no_delay is on by default and can be disabled") {
  auto [stream, peer] = stream_and_peer();
  CHECK(stream.no_delay());
  stream.no_delay(false);
  CHECK_FALSE(stream.no_delay());
  CHECK(option_of(stream, IPPROTO_TCP, TCP_NODELAY) == 0);
}

TEST_CASE("fault 27: keep_alive makes the kernel probe a silent peer") {
  auto [stream, peer] = stream_and_peer();
  stream.keep_alive(60s, 5s, 4);
  CHECK(option_of(stream, SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(option_of(stream, IPPROTO_TCP, TCP_KEEPIDLE) == 60);
  CHECK(option_of(stream, IPPROTO_TCP, TCP_KEEPINTVL) == 5);
  CHECK(option_of(stream, IPPROTO_TCP, TCP_KEEPCNT) == 4);
  stream.keep_alive(0s);
  CHECK(option_of(stream, SOL_SOCKET, SO_KEEPALIVE) == 0);
}

TEST_CASE("keep_alive refuses values out of range and then changes nothing") {
  auto [stream, peer] = stream_and_peer();
  stream.keep_alive(60s, 5s, 4);
  constexpr auto wraps_to_five = std::chrono::seconds((std::int64_t{1} << 32) + 5);
  CHECK_THROWS_WITH(stream.keep_alive(wraps_to_five),
                    "keep_alive: invalid argument: idle is 4294967301; the range is from 1 to 32767");
  CHECK_THROWS_WITH(stream.keep_alive(30s, wraps_to_five),
                    "keep_alive: invalid argument: interval is 4294967301; the range is from 1 to 32767");
  CHECK_THROWS_AS(stream.keep_alive(std::chrono::seconds::max()), error);
  CHECK_THROWS_AS(stream.keep_alive(-1s), error);
  CHECK_THROWS_AS(stream.keep_alive(32'768s), error);
  CHECK_THROWS_AS(stream.keep_alive(30s, 0s), error);
  CHECK_THROWS_AS(stream.keep_alive(30s, 32'768s), error);
  CHECK_THROWS_AS(stream.keep_alive(30s, 1s, 0), error);
  CHECK_THROWS_AS(stream.keep_alive(30s, 1s, 128), error);
  CHECK(option_of(stream, SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(option_of(stream, IPPROTO_TCP, TCP_KEEPIDLE) == 60);
  CHECK(option_of(stream, IPPROTO_TCP, TCP_KEEPINTVL) == 5);
  CHECK(option_of(stream, IPPROTO_TCP, TCP_KEEPCNT) == 4);
  CHECK_NOTHROW(stream.keep_alive(32'767s, 32'767s, 127));
}

TEST_CASE("keep_alive sets all of its options or none") {
  auto [stream, peer] = stream_and_peer();
  stream.keep_alive(60s, 5s, 4);
  auto const [level, name] = GENERATE(table<int, int>({{IPPROTO_TCP, TCP_KEEPIDLE},
                                                       {IPPROTO_TCP, TCP_KEEPINTVL},
                                                       {IPPROTO_TCP, TCP_KEEPCNT},
                                                       {SOL_SOCKET, SO_KEEPALIVE}}));
  {
    refusing_option const last(level, name, ENOBUFS);
    CHECK_THROWS_WITH(stream.keep_alive(30s, 3s, 2), "keep_alive: no buffer space available");
  }
  CHECK(option_of(stream, SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(option_of(stream, IPPROTO_TCP, TCP_KEEPIDLE) == 60);
  CHECK(option_of(stream, IPPROTO_TCP, TCP_KEEPINTVL) == 5);
  CHECK(option_of(stream, IPPROTO_TCP, TCP_KEEPCNT) == 4);
}

TEST_CASE("the sizes of the kernel's buffers can be set") {
  auto [stream, peer] = stream_and_peer();
  stream.receive_buffer_size(50'000);
  stream.send_buffer_size(60'000);
  CHECK(stream.receive_buffer_size() >= 50'000);
  CHECK(stream.send_buffer_size() >= 60'000);
}

TEST_CASE("an option that the kernel refuses is reported as an error") {
  auto [stream, peer] = stream_and_peer();
  CHECK_THROWS_WITH(stream.keep_alive(1'000'000s), ContainsSubstring("keep_alive: invalid argument"));
}

TEST_CASE("the local endpoint of a stream is the remote endpoint of its peer and the reverse") {
  auto [one, other] = stream_pair();
  CHECK(one.local_endpoint() == other.remote_endpoint());
  CHECK(one.remote_endpoint() == other.local_endpoint());
}

TEST_CASE("as_result returns the value of a read or its error without throwing") {
  auto [stream, peer] = stream_and_peer();
  peer.send("x");
  complete([&]() -> task<> {
    char buffer[4];
    auto const value = co_await as_result(stream.read(buffer));
    CHECK(value);
    CHECK(value.message().empty());
    CHECK_FALSE(value.error());
    stream.close();
    auto const failure = co_await as_result(stream.read(buffer));
    CHECK_FALSE(failure);
    CHECK(failure.message() == "read: closed on this side");
  });
}

TEST_CASE("as_result of a read lets a cancellation pass through") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    char buffer[4];
    auto const outcome = co_await scope.run(as_result(stream.read(buffer)));
    CHECK_FALSE(outcome);
  });
}
