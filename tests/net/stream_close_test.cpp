// Closing a stream, whatever operations are in progress.
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "catch.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Closes after all tasks that started before have begun to wait.
task<> close_soon(tcp::stream& what) {
  co_await yield();
  what.close();
}

}  // namespace

TEST_CASE("a stream is closed when it is destroyed") {
  auto [first, peer] = stream_and_peer();
  { tcp::stream const dying(std::move(first)); }
  CHECK(peer.receive().empty());
}

TEST_CASE("a default-constructed stream is closed") {
  tcp::stream stream;
  CHECK_FALSE(stream.is_open());
  CHECK(stream.native_handle() == -1);
  CHECK(stream.release() == -1);
  CHECK_THROWS_WITH(stream.shutdown_write(), "shutdown: closed on this side");
  CHECK_THROWS_WITH(stream.remote_endpoint(), "remote_endpoint: closed on this side");
  CHECK_THROWS_AS(stream.local_endpoint(), error);
  CHECK_THROWS_AS(stream.no_delay(true), error);
  CHECK_THROWS_AS(stream.idle_timeout(1s), error);
  complete([&]() -> task<> {
    char buffer[1];
    auto const read = co_await as_result(stream.read(buffer));
    CHECK(read.message() == "read: closed on this side");
    auto const written = co_await as_result(stream.write("x"));
    CHECK(written.message() == "write: closed on this side");
    CHECK(written.error() == errc::closed);
  });
}

TEST_CASE("fault 23: closing a stream twice has the effect of closing it once") {
  auto [stream, peer] = stream_and_peer();
  stream.close();
  auto const taken_by_another = ::dup(peer.get());  // the descriptor number that became free
  stream.close();
  CHECK(::fcntl(taken_by_another, F_GETFD) >= 0);
  ::close(taken_by_another);
}

TEST_CASE("fault 23: a read ends when its stream is closed") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[1];
    auto const [outcome, done] = co_await when_all(as_result(stream.read(buffer)), close_soon(stream));
    CHECK(outcome.error() == errc::closed);
  });
}

TEST_CASE("fault 23: a write ends when its stream is closed and reports the bytes sent") {
  auto [stream, peer] = stream_and_peer();
  std::string const much(32 * 1024 * 1024, 'x');
  complete([&]() -> task<> {
    auto const [outcome, done] = co_await when_all(as_result(stream.write(much)), close_soon(stream));
    CHECK(outcome.error() == errc::closed);
    std::size_t sent = 0;
    try {
      std::rethrow_exception(outcome.exception());
    } catch (error const& e) {
      sent = e.transferred();
    }
    CHECK(sent == peer.receive_to_the_end().size());
  });
}

TEST_CASE("fault 23: a waiting read and a waiting write both end when their stream is closed") {
  auto [stream, peer] = stream_and_peer();
  std::string const much(32 * 1024 * 1024, 'x');
  complete([&]() -> task<> {
    char buffer[1];
    auto const [written, read, done] =
        co_await when_all(as_result(stream.write(much)), as_result(stream.read_exactly(buffer)), close_soon(stream));
    CHECK(written.error() == errc::closed);
    CHECK(read.error() == errc::closed);
  });
}

TEST_CASE("fault 23: a reader may close a stream whose write has just continued") {
  // A single event reports room to write and bytes to read. The write sends a part; the reader then closes the stream.
  auto const before = open_descriptors();
  for (int i = 0; i != 20; ++i) {
    auto [stream, peer] = stream_and_peer();
    stream.send_buffer_size(16 * 1024);
    std::string const much(32 * 1024 * 1024, 'x');
    complete([&]() -> task<> {
      auto read_and_close = [&]() -> task<> {
        char buffer[1];
        co_await stream.read_exactly(buffer);
        stream.close();
      };
      auto make_room = [&]() -> task<> {
        for (int turn = 0; turn != 3; ++turn) co_await yield();
        while (peer.is_readable(0ms)) static_cast<void>(peer.receive());
        peer.send("x");
      };
      auto const [outcome, read, made] =
          co_await when_all(as_result(stream.write(much)), read_and_close(), make_room());
      CHECK(outcome.error() == errc::closed);
    });
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("fault 23: a read ends if its stream is closed before the read has started") {
  // `when_any` starts its operations in the next turn.
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[1];
    auto read = [&]() -> task<> {
      auto const outcome = co_await when_any(as_result(stream.read(buffer)), sleep_for(5s));
      CHECK(std::get<0>(outcome)->error() == errc::closed);
    };
    auto close = [&]() -> task<> {
      stream.close();
      co_return;
    };
    co_await when_all(read(), close());
  });
}

TEST_CASE("a stream may be closed while a read yields to other tasks") {
  auto [stream, peer] = stream_and_peer();
  peer.send(std::string(1000, 'x'));
  std::size_t reads = 0;
  complete([&]() -> task<> {
    auto read_on = [&]() -> task<> {
      char byte[1];
      for (;; ++reads) co_await stream.read(byte);
    };
    auto close = [&]() -> task<> {
      stream.close();
      co_return;
    };
    auto const outcome = co_await as_result(when_all(read_on(), close()));
    CHECK(outcome.error() == errc::closed);
  });
  CHECK(reads > 0);
  CHECK(reads < 1000);
}
