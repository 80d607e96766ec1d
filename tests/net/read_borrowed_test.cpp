// Reads into memory that the stream lends.
#include "catch.hpp"

#include <string>
#include <utility>
#include <vector>

#include <strait/strait.hpp>

#include "core/waiting.hpp"
#include "net/sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

std::string text_of(borrowed_bytes const& bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

TEST_CASE("a borrowed read returns the available bytes and nothing at the end of the stream") {
  auto [near, far] = stream_pair();
  complete([&, &from = near, &to = far]() -> task<> {
    co_await to.write("hello");
    auto const first = co_await from.read_borrowed();
    CHECK(text_of(first) == "hello");
    to.shutdown_write();
    auto const end = co_await from.read_borrowed();
    CHECK_FALSE(end);
    CHECK(end.empty());
  });
}

TEST_CASE("a borrowed read waits for the first byte") {
  auto [near, far] = stream_pair();
  complete([&, &from = near, &to = far]() -> task<> {
    auto reading = [&]() -> task<std::string> { co_return text_of(co_await from.read_borrowed()); };
    auto writing = [&]() -> task<> {
      co_await turns(2);
      co_await to.write("late");
    };
    auto const [got, _] = co_await when_all(reading(), writing());
    CHECK(got == "late");
  });
}

TEST_CASE("borrowed bytes convert to a buffer and remain valid while they are held") {
  auto [near, far] = stream_pair();
  complete([&, &from = near, &to = far]() -> task<> {
    co_await to.write("first");
    auto first = co_await from.read_borrowed();
    co_await to.write("second");
    auto const second = co_await from.read_borrowed();
    auto const moved = std::move(first);
    CHECK(text_of(moved) == "first");
    CHECK(text_of(second) == "second");
    co_await from.write(second);
    char text[6];
    co_await to.read_exactly(text);
    CHECK(std::string_view(text, 6) == "second");
  });
}

TEST_CASE("borrowed bytes can be prefixed in the room that is reserved in front of them") {
  auto [near, far] = stream_pair();
  complete([&, &from = near, &to = far]() -> task<> {
    co_await to.write("body");
    auto bytes = co_await from.read_borrowed(5);
    bytes.prepend("head:");
    CHECK(text_of(bytes) == "head:body");
  });
}

TEST_CASE("a borrowed read returns at most as many bytes as its memory holds") {
  auto [near, far] = stream_pair();
  complete([&, &from = near, &to = far]() -> task<> {
    std::string sent(100'000, ' ');
    fill_pattern(0, sent.data(), sent.size());
    auto reading = [&]() -> task<std::string> {
      std::string all;
      while (auto const bytes = co_await from.read_borrowed(100)) {
        CHECK(bytes.size() <= borrowed_bytes::capacity - 100);
        all += text_of(bytes);
      }
      co_return all;
    };
    auto writing = [&]() -> task<> {
      co_await to.write(sent);
      to.shutdown_write();
    };
    auto const [got, _] = co_await when_all(reading(), writing());
    CHECK(got == sent);
  });
}

TEST_CASE("a borrowed read that is canceled loses no bytes") {
  auto [near, far] = stream_pair();
  complete([&, &from = near, &to = far]() -> task<> {
    auto reading = [&]() -> task<> { static_cast<void>(co_await from.read_borrowed()); };
    bool const done = co_await run_and_cancel(reading);
    CHECK_FALSE(done);
    co_await to.write("x");
    auto const bytes = co_await from.read_borrowed();
    CHECK(text_of(bytes) == "x");
  });
}

TEST_CASE("a borrowed read reports the same errors as other reads") {
  auto listener = tcp::listen(endpoint::loopback_v4(0));
  complete([&]() -> task<> {
    auto peer = raw_connect(listener.local_endpoint());
    auto stream = co_await listener.accept();
    peer.reset();
    try {
      static_cast<void>(co_await stream.read_borrowed());
      FAIL("nothing was thrown");
    } catch (error const& e) {
      CHECK(e.code() == std::errc::connection_reset);
    }
    stream.close();
    auto const closed = co_await as_result(stream.read_borrowed());
    CHECK(closed.error() == errc::closed);
  });
}

TEST_CASE("concurrent borrowed reads are diagnosed, and a borrowed read is subject to the idle timeout") {
  auto [near, far] = stream_pair();
  complete([&, &from = near]() -> task<> {
    from.idle_timeout(1ms);
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto const first = co_await as_result(from.read_borrowed());
        CHECK(first.error() == std::errc::timed_out);
      });
      co_await yield();
      try {
        static_cast<void>(co_await from.read_borrowed());
        FAIL("nothing was thrown");
      } catch (std::logic_error const&) {}
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("memory that a destroyed task has borrowed is returned") {
  event_loop loop;
  auto [near, far] = stream_pair();
  auto reading = [&, &from = near]() -> task<> { static_cast<void>(co_await from.read_borrowed()); };
  {
    background_task<void> const waits(loop, reading());
    loop.run(turns(2));
  }
  loop.run([&, &from = near, &to = far]() -> task<> {
    co_await to.write("x");
    auto const bytes = co_await from.read_borrowed();
    CHECK(text_of(bytes) == "x");
  });
}
