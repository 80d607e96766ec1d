// A connection that was lost: every later operation reports an error, and none reports the end of the stream.
#include <string>

#include <poll.h>
#include <sys/socket.h>

#include "catch.hpp"
#include "stream_kinds.hpp"

using namespace strait;
using namespace strait::test;

namespace {

constexpr std::size_t much = 32 * 1024 * 1024;

/// Waits until the kernel knows that the connection of `stream` is lost.
void wait_for_loss(tcp::stream const& stream) {
  pollfd entry{stream.native_handle(), 0, 0};
  REQUIRE(::poll(&entry, 1, 5000) == 1);
}

/// Checks that `operation` fails with ECONNRESET.
template <class Operation>
task<> check_reset(Operation operation) {
  auto const outcome = co_await as_result(std::move(operation));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error() == std::errc::connection_reset);
}

/// A stream whose peer has sent "half" and reset the connection, and on which a write has already reported the reset.
task<tcp::stream> reset_stream() {
  auto [stream, peer] = stream_and_peer();
  peer.send("half");
  peer.reset();
  wait_for_loss(stream);
  co_await check_reset(stream.write("a reply"));
  co_return std::move(stream);
}

}  // namespace

TEST_CASE("fault 16: after a write has reported a reset, every read reports it once the received bytes are read") {
  complete([&]() -> task<> {
    auto stream = co_await reset_stream();
    char buffer[16];
    auto const n = co_await stream.read(buffer);
    CHECK(std::string(buffer, n) == "half");
    for (int i = 0; i != 3; ++i) co_await check_reset(stream.read(buffer));
  });
}

TEST_CASE("fault 16: a reset that a read has reported is reported by later reads as well") {
  auto [stream, peer] = stream_and_peer();
  peer.reset();
  wait_for_loss(stream);
  complete([&, &from = stream]() -> task<> {
    char buffer[16];
    for (int i = 0; i != 3; ++i) co_await check_reset(from.read(buffer));
  });
}

TEST_CASE("fault 16: every kind of read reports a reset that a write has reported before") {
  int const kind = GENERATE(0, 1, 2, 3);
  complete([&]() -> task<> {
    auto stream = co_await reset_stream();
    char buffer[16];
    mutable_buffer const parts[] = {mutable_buffer(buffer, 2), mutable_buffer(buffer + 2, 14)};
    if (kind == 0) {
      auto const n = co_await stream.read(parts);
      CHECK(n == 4);
      co_await check_reset(stream.read(parts));
    } else if (kind == 1) {
      auto const bytes = co_await stream.read_borrowed();
      CHECK(bytes.size() == 4);
      co_await check_reset(stream.read_borrowed());
    } else if (kind == 2) {
      auto const outcome = co_await as_result(stream.read_exactly(buffer));
      CHECK(outcome.error() == std::errc::connection_reset);
    } else {
      auto const outcome = co_await as_result(stream.read_exactly(parts));
      CHECK(outcome.error() == std::errc::connection_reset);
    }
  });
}

TEST_CASE("fault 16: the error of read_exactly after a reset contains the number of bytes received") {
  complete([&]() -> task<> {
    auto stream = co_await reset_stream();
    char buffer[16];
    try {
      co_await stream.read_exactly(buffer);
      FAIL("nothing was thrown");
    } catch (error const& e) {
      CHECK(e.code() == std::errc::connection_reset);
      CHECK(e.transferred() == 4);
    }
  });
}

TEST_CASE("fault 16: a reset is reported to both a waiting read and a waiting write") {
  auto [stream, peer] = stream_and_peer();
  complete([&, &on = stream, &by = peer]() -> task<> {
    std::string const bytes(much, 'x');
    char buffer[16];
    auto reset = [&]() -> task<> {
      co_await yield();
      by.reset();
    };
    auto const [read, written, done] =
        co_await when_all(as_result(on.read(buffer)), as_result(on.write(bytes)), reset());
    CHECK(read.error() == std::errc::connection_reset);
    // The kernel reports it once, to the first call; the other one may be a write to a closed connection.
    CHECK((written.error() == std::errc::connection_reset || written.error() == std::errc::broken_pipe));
    co_await check_reset(on.read(buffer));
  });
}

TEST_CASE("an end of stream that arrived before a reset is still reported as the end") {
  auto [stream, peer] = stream_and_peer();
  peer.send("413 too large");
  peer.close();
  complete([&, &on = stream]() -> task<> {
    co_await on.write("more of the request");  // the peer's kernel answers with a reset
    wait_for_loss(on);
    auto const outcome = co_await as_result(on.write("and more"));
    CHECK(outcome.error() == std::errc::broken_pipe);
    char buffer[32];
    auto const n = co_await on.read(buffer);
    CHECK(std::string(buffer, n) == "413 too large");
    auto const end = co_await on.read(buffer);
    CHECK(end == 0);
  });
}

TEST_CASE("fault 16: reads on a local stream whose peer closed with unread data report a reset every time") {
  auto [stream, peer] = connected<local::stream>();
  complete([&, &on = stream, &by = peer]() -> task<> {
    co_await on.write("unread");
    by.send("half");
    by.close();
    char buffer[16];
    auto const n = co_await on.read(buffer);
    CHECK(n == 4);
    for (int i = 0; i != 3; ++i) co_await check_reset(on.read(buffer));
  });
}

TEST_CASE("a reset is remembered when the stream is moved and when its loop has ended") {
  auto first = complete([]() -> task<tcp::stream> { return reset_stream(); });
  auto second = std::move(first);
  complete([&]() -> task<> {
    char buffer[16];
    auto const n = co_await second.read(buffer);
    CHECK(n == 4);
    co_await check_reset(second.read(buffer));
  });
}

TEST_CASE("shutdown_write has no effect on a connection that is already over") {
  SECTION("it was called before") {
    auto [stream, peer] = stream_and_peer();
    stream.shutdown_write();
    CHECK_NOTHROW(stream.shutdown_write());
    peer.send("still");
    complete([&, &on = stream]() -> task<> {
      char buffer[16];
      auto const n = co_await on.read(buffer);
      CHECK(n == 5);
    });
  }
  SECTION("both sides have ended their streams") {
    auto [stream, peer] = stream_and_peer();
    peer.close();
    stream.shutdown_write();
    wait_for_loss(stream);
    CHECK_NOTHROW(stream.shutdown_write());
  }
  SECTION("the peer has reset the connection") {
    auto [stream, peer] = stream_and_peer();
    peer.reset();
    wait_for_loss(stream);
    CHECK_NOTHROW(stream.shutdown_write());
    CHECK_NOTHROW(stream.shutdown_write());
    complete([&, &on = stream]() -> task<> {
      char buffer[16];
      co_await check_reset(on.read(buffer));
    });
  }
  SECTION("the peer of a local stream has closed") {
    auto [stream, peer] = connected<local::stream>();
    peer.close();
    CHECK_NOTHROW(stream.shutdown_write());
    CHECK_NOTHROW(stream.shutdown_write());
  }
}

TEST_CASE("the peer sees close_with_reset as a reset after the bytes that were sent") {
  auto [stream, other] = stream_pair();
  complete([&, &on = stream, &to = other]() -> task<> {
    co_await on.write("half");
    on.close_with_reset();
    CHECK_FALSE(on.is_open());
    CHECK_NOTHROW(on.close_with_reset());
    char buffer[16];
    auto const n = co_await to.read(buffer);
    CHECK(std::string(buffer, n) == "half");
    co_await check_reset(to.read(buffer));
  });
}

TEST_CASE("a waiting operation ends with errc::closed when its stream is closed with a reset") {
  auto [stream, peer] = stream_and_peer();
  complete([&, &on = stream]() -> task<> {
    auto close = [&]() -> task<> {
      on.close_with_reset();
      co_return;
    };
    char buffer[16];
    auto const [outcome, done] = co_await when_all(as_result(on.read(buffer)), close());
    CHECK(outcome.error() == errc::closed);
  });
}
