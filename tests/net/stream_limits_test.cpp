// The limits of a stream besides its idle timeout: for how long a write may stall, and how slowly a peer may send.
#include <limits>
#include <string>
#include <thread>

#include "catch.hpp"
#include "faulty_system.hpp"
#include "stream_kinds.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::size_t much = 32 * 1024 * 1024;

/// Reads until a read fails, and returns the error message.
template <class Stream>
task<std::string> failure_of_reading(Stream& stream) {
  char buffer[4096];
  for (;;) {
    auto const outcome = co_await as_result(stream.read(buffer));
    if (!outcome) co_return outcome.message();
    if (*outcome == 0) co_return "the end";
  }
}

/// Sends `bytes` from the peer every 10 ms, `times` times.
task<> send_now_and_then(raw_socket& peer, std::string bytes, int times) {
  while (times-- > 0) {
    co_await sleep_for(10ms);
    peer.send(bytes);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("fault 25: a peer that sends too slowly ends the read with an error that reports the bytes received",
                   "", tcp::stream, local::stream) {
  auto [stream, peer] = connected<TestType>();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1000, 100ms);
    auto const [text, end] = co_await when_any(failure_of_reading(stream), send_now_and_then(peer, "x", 1000));
    REQUIRE(text);
    CHECK_THAT(*text, ContainsSubstring("read from " + name_of_peer(stream) + " ("));
    CHECK_THAT(*text, ContainsSubstring(" bytes in 0.1 s; the minimum is 100): timed out"));
  });
}

TEMPLATE_TEST_CASE("a slow peer that sends faster than the minimum rate is not given up", "", tcp::stream,
                   local::stream) {
  auto [stream, peer] = connected<TestType>();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(10, 1s);  // 10 bytes suffice even if the peer gets no processor for most of the window
    char buffer[1500];
    auto const [n, done] =
        co_await when_all(stream.read_exactly(buffer), send_now_and_then(peer, std::string(10, 'x'), 150));
    CHECK(n == 1500);
  });
}

TEST_CASE("a read from a peer that sends nothing ends when the window has passed") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1, 60ms);
    auto const begun = clock::now();
    auto const text = co_await failure_of_reading(stream);
    auto const taken = clock::now() - begun;
    CHECK_THAT(text, ContainsSubstring(" (received 0 bytes in 0.06 s; the minimum is 1): timed out"));
    CHECK(taken >= 55ms);  // the coarse clock ticks every few milliseconds
    CHECK(taken < 5s);
  });
}

TEST_CASE("bytes received in one window do not count in the next one") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1000, 50ms);
    peer.send(std::string(1000, 'x'));  // enough for 20 windows
    auto const text = co_await failure_of_reading(stream);
    CHECK_THAT(text, ContainsSubstring(" (received 0 bytes in 0.05 s"));
  });
}

TEST_CASE("the time for which a handler computes between two reads does not count against the peer") {
  auto [stream, peer] = stream_and_peer();
  bool const holds_the_loop = GENERATE(false, true);
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1'000'000, 300ms);
    char buffer[1];
    for (int i = 0; i != 3; ++i) {
      auto const [n, done] = co_await when_all(stream.read(buffer), send_now_and_then(peer, "x", 1));
      CHECK(n == 1);
      if (holds_the_loop) std::this_thread::sleep_for(200ms);
      else co_await sleep_for(200ms);
    }
  });
}

TEST_CASE("fault 29: bytes that arrive with the rate timeout are delivered, and the next waiting read ends at once") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1000, 500ms);
    auto hold_the_loop = [&]() -> task<> {
      co_await yield();
      peer.send("x");
      std::this_thread::sleep_for(600ms);
    };
    char buffer[16];
    auto const [n, done] = co_await when_all(stream.read(buffer), hold_the_loop());
    CHECK(n == 1);
    auto const begun = clock::now();
    auto const text = co_await failure_of_reading(stream);
    CHECK_THAT(text, ContainsSubstring(" in 0.5 s; the minimum is 500): timed out"));
    CHECK(clock::now() - begun < 400ms);
  });
}

TEST_CASE("fault 25: a peer found too slow is given up at the next wait, however much it sends until then") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1000, 500ms);
    char buffer[2000];
    auto send_at_the_last_moment = [&]() -> task<> {
      co_await yield();
      peer.send("x");
      std::this_thread::sleep_for(600ms);
    };
    auto const [first, sent_late] = co_await when_all(stream.read(buffer), send_at_the_last_moment());
    CHECK(first == 1);
    auto send_enough = [&]() -> task<> {
      peer.send(std::string(1000, 'x'));
      co_return;
    };
    auto const [second, sent_enough] = co_await when_all(stream.read(buffer), send_enough());
    CHECK(second == 1000);
    auto const [third, sent_again] = co_await when_all(as_result(stream.read(buffer)), send_now_and_then(peer, "x", 1));
    CHECK(third.error() == std::errc::timed_out);
  });
}

TEST_CASE("bytes that arrive while the loop is busy count as received") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1000, 300ms);
    auto hold_the_loop = [&]() -> task<> {
      co_await yield();
      peer.send(std::string(300, 'x'));
      std::this_thread::sleep_for(400ms);
    };
    char buffer[1000];
    auto const [n, done] = co_await when_all(stream.read(buffer), hold_the_loop());
    CHECK(n == 300);
    auto const [next, sent] = co_await when_all(as_result(stream.read(buffer)), send_now_and_then(peer, "x", 1));
    CHECK(next);
  });
}

TEST_CASE("after a rate timeout the peer gets a new window") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1000, 300ms);
    char buffer[16];
    auto const slow = co_await as_result(stream.read(buffer));
    CHECK(slow.error() == std::errc::timed_out);
    auto const [n, done] = co_await when_all(stream.read(buffer), send_now_and_then(peer, "again", 1));
    CHECK(n == 5);
  });
}

TEST_CASE("bytes received by read_exactly before a rate timeout are kept") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1000, 20ms);
    peer.send("0123");
    char buffer[10];
    auto const got = co_await moved_by(stream.read_exactly(buffer));
    CHECK(got == 4);
    CHECK(std::string(buffer, 4) == "0123");
  });
}

TEST_CASE("a minimum rate can be set while a read waits") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    auto set = [&]() -> task<> {
      co_await yield();
      stream.minimum_receive_rate(1, 20ms);
    };
    auto const [text, done] = co_await when_all(failure_of_reading(stream), set());
    CHECK_THAT(text, ContainsSubstring("0 bytes"));
  });
}

TEST_CASE("a minimum rate and a write timeout can be removed while operations wait") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    stream.minimum_receive_rate(1, 300ms);
    stream.write_timeout(300ms);
    std::string const bytes(much, 'x');
    auto lift = [&]() -> task<> {
      co_await yield();
      stream.minimum_receive_rate(0);
      stream.write_timeout(0s);
      co_await sleep_for(400ms);
      stream.close();
    };
    auto const [text, written, done] =
        co_await when_all(failure_of_reading(stream), as_result(stream.write(bytes)), lift());
    CHECK(text == "read: closed on this side");
    CHECK(written.error() == errc::closed);
  });
}

TEMPLATE_TEST_CASE("fault 20: a peer that never reads but keeps sending is detected by the write timeout", "",
                   tcp::stream, local::stream) {
  auto [stream, peer] = connected<TestType>();
  complete([&]() -> task<> {
    stream.idle_timeout(1s);
    stream.write_timeout(100ms);
    std::string const bytes(much, 'x');
    auto write = [&]() -> task<std::string> {
      auto const outcome = co_await as_result(stream.write(bytes));
      co_return outcome.message();
    };
    auto const [text, sent, read] =
        co_await when_any(write(), send_now_and_then(peer, "x", 1000), failure_of_reading(stream));
    REQUIRE(text);
    CHECK(*text == "write to " + name_of_peer(stream) + " (the peer accepted no data for 0.1 s): timed out");
  });
}

// The peer reads so slowly that the kernel does not wake the writer within the limit: of some megabytes, it requires a
// third to be free.
TEMPLATE_TEST_CASE("a peer that reads slowly triggers neither the idle timeout nor the write timeout", "", tcp::stream,
                   local::stream) {
  auto [stream, peer] = connected<TestType>();
  bool const is_idle_limit = GENERATE(false, true);
  complete([&]() -> task<> {
    if (is_idle_limit) stream.idle_timeout(300ms);
    else stream.write_timeout(300ms);
    std::string const bytes(much, 'x');
    auto read_slowly = [&]() -> task<> {
      for (int i = 0; i != 90; ++i) {
        co_await sleep_for(10ms);
        if (!peer.is_readable(5s)) break;
        static_cast<void>(peer.receive(8192));
      }
      stream.close();
    };
    auto const [outcome, done] = co_await when_all(as_result(stream.write(bytes)), read_slowly());
    CHECK(outcome.message() == "write: closed on this side");
  });
}

TEST_CASE("a write timeout reports how many bytes were sent") {
  auto [stream, peer] = stream_and_peer();
  std::size_t sent = 0;
  complete([&]() -> task<> {
    stream.write_timeout(30ms);
    std::string const bytes(much, 'x');
    sent = co_await moved_by(stream.write(bytes));
    stream.close();
  });
  CHECK(sent > 0);
  CHECK(peer.receive_to_the_end().size() == sent);
}

TEST_CASE("a write timeout can be set while a write waits") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    std::string const bytes(much, 'x');
    auto set = [&]() -> task<> {
      co_await yield();
      stream.write_timeout(20ms);
    };
    auto const [outcome, done] = co_await when_all(as_result(stream.write(bytes)), set());
    CHECK(outcome.error() == std::errc::timed_out);
  });
}

TEST_CASE("the write timeout does not affect reads and the minimum rate does not affect writes") {
  auto [stream, peer] = stream_and_peer();
  bool const reads = GENERATE(false, true);
  complete([&]() -> task<> {
    std::string const bytes(much, 'x');
    char buffer[1];
    if (reads) {
      stream.write_timeout(10ms);
      auto const [n, late] = co_await when_any(as_result(stream.read(buffer)), sleep_for(60ms));
      CHECK_FALSE(n);
    } else {
      stream.minimum_receive_rate(1000, 10ms);
      auto const [n, late] = co_await when_any(as_result(stream.write(bytes)), sleep_for(60ms));
      CHECK_FALSE(n);
    }
  });
}

TEST_CASE("negative limits are disabled and the largest ones never expire") {
  auto [stream, peer] = stream_and_peer();
  auto const limit = GENERATE(std::chrono::nanoseconds(-1s), std::chrono::nanoseconds::max());
  complete([&]() -> task<> {
    stream.write_timeout(limit);
    if (limit > 0s) stream.minimum_receive_rate(std::numeric_limits<std::uint64_t>::max(), limit);
    std::string const bytes(much, 'x');
    char buffer[1];
    auto const [n, written, late] =
        co_await when_any(as_result(stream.read(buffer)), as_result(stream.write(bytes)), sleep_for(30ms));
    CHECK_FALSE(n);
    CHECK_FALSE(written);
  });
}

TEST_CASE("of several limits, the shortest one expires first, and its error names it") {
  auto [stream, peer] = stream_and_peer();
  auto const expected = GENERATE(
      table<std::chrono::milliseconds, std::chrono::milliseconds, std::chrono::milliseconds, std::string, std::string>({
          {20ms, 1h, 1h, ": timed out", ": timed out"},
          {300ms, 20ms, 1h, ": timed out", " (the peer accepted no data for 0.02 s): timed out"},
          {300ms, 1h, 20ms, " (received 0 bytes in 0.02 s; the minimum is 20): timed out", ": timed out"},
      }));
  complete([&]() -> task<> {
    auto const& [idle, writes, window, expected_read, expected_write] = expected;
    stream.idle_timeout(idle);
    stream.write_timeout(writes);
    stream.minimum_receive_rate(1000, window);
    std::string const bytes(much, 'x');
    char buffer[1];
    auto const [read, written] = co_await when_all(as_result(stream.read(buffer)), as_result(stream.write(bytes)));
    CHECK(read.message() == "read from " + name_of_peer(stream) + expected_read);
    CHECK(written.message() == "write to " + name_of_peer(stream) + expected_write);
  });
}

TEST_CASE("limits are kept when a stream is moved and when its loop has ended") {
  auto [first, peer] = stream_and_peer();
  char buffer[16];
  complete([&]() -> task<> {
    first.minimum_receive_rate(1000, 50ms);
    peer.send("x");
    co_await first.read(buffer);
  });
  tcp::stream second(std::move(first));
  auto const text = complete([&]() -> task<std::string> { return failure_of_reading(second); });
  CHECK_THAT(text, ContainsSubstring("the minimum is 50"));
}

TEST_CASE("limits do not depend on the wall clock") {
  auto [stream, peer] = stream_and_peer();
  wrong_wall_clock wall_clock;
  complete([&]() -> task<> {
    stream.write_timeout(1h);
    stream.minimum_receive_rate(1, 1h);
    std::string const bytes(much, 'x');
    char buffer[1];
    auto jump = [&]() -> task<> {
      for (auto const offset : {86400s, -86400s}) {
        wall_clock.set_offset(offset);
        co_await sleep_for(10ms);
      }
    };
    auto const [read, written, done] =
        co_await when_any(as_result(stream.read(buffer)), as_result(stream.write(bytes)), jump());
    CHECK_FALSE(read);
    CHECK_FALSE(written);
  });
}

TEST_CASE("copies obey the limits of both streams") {
  auto [from, source] = stream_and_peer();
  auto [to, sink] = stream_and_peer();
  bool const is_source_slow = GENERATE(false, true);
  complete([&]() -> task<> {
    if (is_source_slow) from.minimum_receive_rate(1000, 50ms);
    else to.write_timeout(50ms);
    auto send_much = [&]() -> task<> {
      co_await on_thread_pool([&] {
        try {
          source.send(std::string(much, 'x'));
        } catch (std::system_error const&) {}
      });
    };
    auto copy_and_close = [&]() -> task<std::string> {
      auto const outcome = co_await as_result(copy(from, to));
      from.close();
      co_return outcome.message();
    };
    if (is_source_slow) {
      auto const [text, end] = co_await when_any(copy_and_close(), send_now_and_then(source, "x", 1000));
      REQUIRE(text);
      CHECK_THAT(*text, ContainsSubstring("the minimum is 50"));
    } else {
      auto const [text, end] = co_await when_all(copy_and_close(), send_much());
      CHECK_THAT(text, ContainsSubstring("(the peer accepted no data for 0.05 s)"));
    }
  });
}
