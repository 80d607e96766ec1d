// stream.idle_timeout(): one deadline for a connection without traffic.
#include <string>
#include <thread>

#include "catch.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

constexpr std::size_t much = 32 * 1024 * 1024;

}  // namespace

TEST_CASE("fault 26: a read on an idle connection ends with a timeout error that names the peer") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(20ms);
    auto const begun = clock::now();
    char buffer[1];
    try {
      co_await stream.read(buffer);
      FAIL("nothing was thrown");
    } catch (timed_out const& e) {
      CHECK(std::string(e.what()) == "read from " + stream.remote_endpoint().to_string() + ": timed out");
      CHECK(e.code() == std::errc::timed_out);
    }
    auto const taken = clock::now() - begun;
    CHECK(taken >= 15ms);  // the coarse clock ticks every few milliseconds
    CHECK(taken < 5s);
  });
}

TEST_CASE("fault 20: a write to a peer that never reads ends with the idle timeout and reports the bytes sent") {
  auto [stream, peer] = stream_and_peer();
  std::size_t sent = 0;
  complete([&]() -> task<> {
    stream.idle_timeout(20ms);
    std::string const bytes(much, 'x');
    try {
      co_await stream.write(bytes);
      FAIL("nothing was thrown");
    } catch (timed_out const& e) {
      CHECK(std::string(e.what()) == "write to " + stream.remote_endpoint().to_string() + ": timed out");
      sent = e.transferred();
    }
    stream.close();
  });
  CHECK(sent > 0);
  CHECK(peer.receive_to_the_end().size() == sent);
}

TEST_CASE("an idle connection can be used again after its timeout") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(10ms);
    char buffer[16];
    for (int i = 0; i != 3; ++i) {
      auto const idle = co_await as_result(stream.read(buffer));
      CHECK(idle.error() == std::errc::timed_out);
      peer.send("again");
      auto const n = co_await stream.read(buffer);
      CHECK(n == 5);
    }
  });
}

TEST_CASE("a connection with continuing reads is not idle") {
  auto [stream, other] = stream_pair();
  complete([&]() -> task<> {
    stream.idle_timeout(300ms);
    auto send = [&]() -> task<> {
      for (int i = 0; i != 60; ++i) {
        co_await sleep_for(10ms);
        co_await other.write("x");
      }
    };
    char buffer[60];
    auto const [n, done] = co_await when_all(stream.read_exactly(buffer), send());
    CHECK(n == 60);
  });
}

TEST_CASE("a reader does not time out while the same stream is written to") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(200ms);
    auto write_often = [&]() -> task<> {
      for (int i = 0; i != 50; ++i) {
        co_await sleep_for(10ms);
        co_await stream.write("still here");  // completes at once
      }
      peer.send("x");
    };
    char buffer[1];
    auto const [outcome, done] = co_await when_all(as_result(stream.read(buffer)), write_often());
    CHECK(outcome);
  });
}

TEST_CASE("a writer does not time out while the same stream is read from") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(200ms);
    std::string const bytes(much, 'x');
    auto read_often = [&]() -> task<> {
      char buffer[1];
      for (int i = 0; i != 50; ++i) {
        co_await sleep_for(10ms);
        peer.send("x");
        co_await stream.read(buffer);
      }
      stream.close();
    };
    auto const [outcome, done] = co_await when_all(as_result(stream.write(bytes)), read_often());
    CHECK(outcome.error() == errc::closed);
  });
}

TEST_CASE("a reader and a writer of an idle connection time out together") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(20ms);
    std::string const bytes(much, 'x');
    char buffer[1];
    auto const [read, written] = co_await when_all(as_result(stream.read(buffer)), as_result(stream.write(bytes)));
    CHECK(read.error() == std::errc::timed_out);
    CHECK(written.error() == std::errc::timed_out);
  });
}

TEST_CASE("an idle timeout can be set or shortened while a read waits") {
  auto [stream, peer] = stream_and_peer();
  auto const at_first = GENERATE(0h, 1h);
  complete([&]() -> task<> {
    stream.idle_timeout(at_first);
    auto shorten = [&]() -> task<> {
      co_await yield();
      stream.idle_timeout(10ms);
    };
    char buffer[1];
    auto const [outcome, done] = co_await when_all(as_result(stream.read(buffer)), shorten());
    CHECK(outcome.error() == std::errc::timed_out);
  });
}

TEST_CASE("an idle timeout can be removed while a read waits") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(300ms);
    auto lift = [&]() -> task<> {
      co_await yield();
      stream.idle_timeout(0s);
      co_await sleep_for(400ms);
      peer.send("late");
    };
    char buffer[16];
    auto const [n, done] = co_await when_all(stream.read(buffer), lift());
    CHECK(n == 4);
  });
}

TEST_CASE("a negative idle timeout disables the limit") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(-1s);
    char buffer[1];
    auto const [n, late] = co_await when_any(stream.read(buffer), sleep_for(20ms));
    CHECK_FALSE(n);
  });
}

TEST_CASE("the largest idle timeout never expires") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(std::chrono::nanoseconds::max());
    char buffer[1];
    auto const [n, late] = co_await when_any(as_result(stream.read(buffer)), sleep_for(20ms));
    CHECK_FALSE(n);
  });
}

TEST_CASE("idle time counts from the start of a read and not from the end of the previous one") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(500ms);
    char buffer[16];
    peer.send("x");
    co_await stream.read(buffer);
    co_await sleep_for(600ms);  // the program is busy with other work
    auto send = [&]() -> task<> {
      co_await sleep_for(10ms);
      peer.send("y");
    };
    auto const [outcome, done] = co_await when_all(as_result(stream.read(buffer)), send());
    CHECK(outcome);
  });
}

TEST_CASE("the time for which a handler computes does not count as idle time") {
  auto [stream, peer] = stream_and_peer();
  bool const writes_first = GENERATE(false, true);
  complete([&]() -> task<> {
    stream.idle_timeout(500ms);
    auto send_soon = [&]() -> task<> {
      co_await sleep_for(10ms);
      peer.send("x");
    };
    char buffer[16];
    co_await when_all(stream.read(buffer), send_soon());
    std::this_thread::sleep_for(600ms);
    if (writes_first) co_await stream.write("a reply");
    auto const [outcome, done] = co_await when_all(as_result(stream.read(buffer)), send_soon());
    CHECK(outcome);
  });
}

TEST_CASE("after a computation, the idle timeout counts from the time at which the read began to wait") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(60ms);
    char buffer[16];
    peer.send("x");
    co_await stream.read(buffer);
    std::this_thread::sleep_for(100ms);
    auto const begun = clock::now();
    auto const outcome = co_await as_result(stream.read(buffer));
    CHECK(outcome.error() == std::errc::timed_out);
    CHECK(clock::now() - begun >= 50ms);  // the coarse clock ticks every few milliseconds
  });
}

TEST_CASE("fault 29: when data and the idle timeout arrive in the same tick, the read returns the data") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(200ms);
    auto hold_the_loop = [&]() -> task<> {
      co_await yield();
      peer.send("in time");
      std::this_thread::sleep_for(240ms);
    };
    char buffer[16];
    auto const [n, done] = co_await when_all(stream.read(buffer), hold_the_loop());
    CHECK(std::string(buffer, n) == "in time");
  });
}

TEST_CASE("a timeout during read_exactly keeps the bytes and reports their number") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(20ms);
    peer.send("0123");
    char buffer[10];
    auto const got = co_await moved_by(stream.read_exactly(buffer));
    CHECK(got == 4);
    CHECK(std::string(buffer, 4) == "0123");
  });
}

TEST_CASE("canceling a read with an idle timeout is reported as a cancellation") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.idle_timeout(1h);
    cancel_scope scope;
    auto cancel = [&]() -> task<> {
      co_await yield();
      scope.cancel();
    };
    char buffer[1];
    auto const [n, done] = co_await when_all(scope.run(stream.read(buffer)), cancel());
    CHECK_FALSE(n);
  });
}

TEST_CASE("a stream with an idle timeout can be closed and moved while a read waits") {
  auto [first, peer] = stream_and_peer();
  complete([&]() -> task<> {
    first.idle_timeout(1h);
    tcp::stream second;
    auto move_and_close = [&]() -> task<> {
      co_await yield();
      second = std::move(first);
      co_await yield();
      second.close();
    };
    char buffer[1];
    auto const [outcome, done] = co_await when_all(as_result(first.read(buffer)), move_and_close());
    CHECK(outcome.error() == errc::closed);
  });
}
