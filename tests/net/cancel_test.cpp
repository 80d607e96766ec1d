// Deadlines and cancellation of reads and writes: no transferred byte is lost.
#include <chrono>
#include <string>
#include <thread>

#include "catch.hpp"
#include "faulty_system.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

constexpr std::size_t much = 32 * 1024 * 1024;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  fill_pattern(0, bytes.data(), size);
  return bytes;
}

/// Cancels after all tasks that started before have begun to wait.
task<> cancel_soon(cancel_scope& scope) {
  for (int i = 0; i != 4; ++i) co_await yield();
  scope.cancel();
}

}  // namespace

TEST_CASE("a read whose deadline passes times out and the stream remains usable") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[16];
    auto const outcome = co_await as_result(timeout(5ms, stream.read(buffer)));
    CHECK(outcome.error() == std::errc::timed_out);
    peer.send("later");
    auto const n = co_await stream.read(buffer);
    CHECK(std::string(buffer, n) == "later");
  });
}

TEST_CASE("fault 21: a cancel during read_exactly keeps the bytes and reports their number") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[10];
    std::size_t got = 0;
    cancel_scope scope;
    auto read = [&]() -> task<> {
      try {
        co_await stream.read_exactly(buffer);
      } catch (canceled const& c) {
        got = c.transferred();
        throw;
      }
    };
    peer.send("0123");
    auto const [completed, done] = co_await when_all(scope.run(read), cancel_soon(scope));
    CHECK_FALSE(completed);
    REQUIRE(got == 4);
    peer.send("456789");
    co_await stream.read_exactly(mutable_buffer(buffer + got, 10 - got));
    CHECK(std::string(buffer, 10) == "0123456789");
  });
}

TEST_CASE("fault 21: a deadline during read_exactly keeps the bytes and reports their number") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[10];
    peer.send("0123");
    try {
      co_await timeout(5ms, stream.read_exactly(buffer));
      FAIL("nothing was thrown");
    } catch (timed_out const& e) {
      CHECK(e.transferred() == 4);
    }
    CHECK(std::string(buffer, 4) == "0123");
  });
}

TEST_CASE("fault 22: a cancel during a write reports how many bytes were sent") {
  auto [stream, peer] = stream_and_peer();
  auto const bytes = pattern(much);
  std::size_t sent = 0;
  complete([&]() -> task<> {
    cancel_scope scope;
    auto write = [&]() -> task<> {
      try {
        co_await stream.write(bytes);
      } catch (canceled const& c) {
        sent = c.transferred();
        throw;
      }
    };
    auto const [completed, done] = co_await when_all(scope.run(write), cancel_soon(scope));
    CHECK_FALSE(completed);
  });
  CHECK(sent > 0);
  std::string received;
  std::thread reader([&] { received = peer.receive_to_the_end(); });
  complete([&]() -> task<> {
    co_await stream.write(const_buffer(bytes.data() + sent, bytes.size() - sent));
    stream.close();
  });
  reader.join();
  CHECK((received == bytes));
}

TEST_CASE("fault 29: when data and the deadline arrive in the same tick, the read returns the data") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[16];
    auto hold_the_loop = [&]() -> task<> {
      co_await yield();
      peer.send("in time");
      std::this_thread::sleep_for(220ms);  // past the deadline, while the loop can be notified of neither
    };
    auto const [n, done] = co_await when_all(timeout(200ms, stream.read(buffer)), hold_the_loop());
    CHECK(std::string(buffer, n) == "in time");
  });
}

TEST_CASE("fault 29: when room to write and the deadline arrive in the same tick, the bytes sent are reported") {
  auto [stream, peer] = stream_and_peer();
  auto const bytes = pattern(much);
  std::size_t sent = 0;
  std::string received;
  complete([&]() -> task<> {
    auto hold_the_loop = [&]() -> task<> {
      co_await yield();
      received = peer.receive(4 * 1024 * 1024);
      std::this_thread::sleep_for(220ms);
    };
    auto const [n, done] = co_await when_all(moved_by(timeout(200ms, stream.write(bytes))), hold_the_loop());
    sent = n;
    stream.close();
  });
  received += peer.receive_to_the_end();
  CHECK(received.size() == sent);
  CHECK((received == bytes.substr(0, sent)));
}

TEST_CASE("a cancel does not discard bytes that have arrived") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[16];
    cancel_scope scope;
    auto send_and_cancel = [&]() -> task<> {
      peer.send("just in time");
      scope.cancel();
      co_return;
    };
    auto const [n, done] = co_await when_all(scope.run(stream.read(buffer)), send_and_cancel());
    REQUIRE(n);
    CHECK(std::string(buffer, *n) == "just in time");
  });
}

TEST_CASE("when_any returns the bytes of a read that completed together with the first branch") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[16];
    auto send = [&]() -> task<> {
      peer.send("both");
      co_return;
    };
    auto const [n, done] = co_await when_any(stream.read(buffer), send());
    CHECK(n == std::size_t{4});
    CHECK(done);
  });
}

TEST_CASE("a read in a canceled scope reads nothing") {
  auto [stream, peer] = stream_and_peer();
  peer.send("kept");
  complete([&]() -> task<> {
    char buffer[16];
    cancel_scope scope;
    scope.cancel();
    for (int i = 0; i != 2; ++i) {
      auto const none = co_await scope.run(stream.read(buffer));
      CHECK_FALSE(none);
      auto const nothing_sent = co_await scope.run(stream.write("x"));
      CHECK_FALSE(nothing_sent);
    }
    auto const n = co_await stream.read(buffer);
    CHECK(std::string(buffer, n) == "kept");
  });
  CHECK_FALSE(peer.is_readable(0ms));
}

TEST_CASE("a canceled reader does not affect the writer of the same stream") {
  auto [stream, peer] = stream_and_peer();
  auto const bytes = pattern(much);
  std::string received;
  complete([&]() -> task<> {
    cancel_scope scope;
    auto drain = [&]() -> task<> {
      co_await on_thread_pool([&] {
        while (received.size() != much) received += peer.receive();
      });
    };
    auto cancel_and_drain = [&]() -> task<> {
      co_await cancel_soon(scope);
      co_await drain();
    };
    char buffer[16];
    auto const [read, written, done] =
        co_await when_all(scope.run(stream.read(buffer)), stream.write(bytes), cancel_and_drain());
    CHECK_FALSE(read);
    CHECK(written == much);
  });
  CHECK((received == bytes));
}

TEST_CASE("a canceled writer does not affect the reader of the same stream") {
  auto [stream, peer] = stream_and_peer();
  auto const bytes = pattern(much);
  complete([&]() -> task<> {
    cancel_scope scope;
    auto cancel_and_send = [&]() -> task<> {
      co_await cancel_soon(scope);
      for (int i = 0; i != 4; ++i) co_await yield();
      peer.send("for the reader");
    };
    char buffer[32];
    auto const [read, written, done] =
        co_await when_all(stream.read(buffer), scope.run(stream.write(bytes)), cancel_and_send());
    CHECK(std::string(buffer, read) == "for the reader");
    CHECK_FALSE(written);
  });
}

TEST_CASE("fault 28: a jump of the wall clock has no effect on deadlines") {
  static_assert(strait::clock::is_steady);
  auto [stream, peer] = stream_and_peer();
  wrong_wall_clock wall_clock;
  auto const before = std::chrono::system_clock::now();
  wall_clock.set_offset(1h);
  REQUIRE(std::chrono::system_clock::now() - before > 50min);
  complete([&]() -> task<> {
    auto jump = [&]() -> task<> {
      for (auto const offset : {-1000h, 1000h, 0h}) {
        wall_clock.set_offset(offset);
        co_await sleep_for(5ms);
      }
    };
    char buffer[1];
    stream.idle_timeout(1min);
    auto const begun = clock::now();
    auto const [outcome, done] = co_await when_all(as_result(timeout(50ms, stream.read(buffer))), jump());
    CHECK(outcome.error() == std::errc::timed_out);
    CHECK(clock::now() - begun >= 50ms);
    CHECK(clock::now() - begun < 10s);
  });
}
