// What reads through something else tells of a reset as the stream does, though a write was told of it before.
#include "catch.hpp"

#include <string>

#include <poll.h>

#include "io/transfers.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// A stream whose peer has sent `bytes` and reset the connection, and a write of which has been told of that.
task<tcp::stream> reset_after(std::string bytes) {
  auto [stream, peer] = stream_and_peer();
  peer.send(bytes);
  peer.reset();
  pollfd entry{stream.native_handle(), 0, 0};
  ::poll(&entry, 1, 5000);
  auto const written = co_await as_result(stream.write("a reply"));
  CHECK(written.error() == std::errc::connection_reset);
  co_return std::move(stream);
}

constexpr auto reset = std::errc::connection_reset;

}  // namespace

TEST_CASE("fault 16: read_line gives the lines that came before a reset, and then the reset") {
  complete([]() -> task<> {
    auto stream = co_await reset_after("one\ntwo\nthr");
    buffered_reader in(stream);
    auto line = co_await in.read_line();
    CHECK(line == "one");
    line = co_await in.read_line();
    CHECK(line == "two");
    for (int i = 0; i != 2; ++i) {
      auto const outcome = co_await as_result(in.read_line());
      CHECK(outcome.error() == reset);
    }
    CHECK(in.buffered() == "thr");
  });
}

TEST_CASE("fault 16: a frame_reader gives the frames that came before a reset, and then the reset") {
  complete([]() -> task<> {
    auto stream =
        co_await reset_after(std::string("\x03"
                                         "one",
                                         4));
    buffered_reader in(stream);
    frame_reader frames(in, frame_format::prefixed(length_prefix::u8));
    auto const frame = co_await frames.read();
    CHECK(frame == "one");
    auto const outcome = co_await as_result(frames.read());
    CHECK(outcome.error() == reset);
  });
}

TEST_CASE("fault 16: copy ends with a reset, not with half of a document") {
  auto const size = GENERATE(std::size_t{5}, std::size_t{40'000});  // by memory, and by splice
  complete([&]() -> task<> {
    auto from = co_await reset_after(std::string(size, 'x'));
    auto [to, sink] = stream_and_peer();
    auto const failure = co_await failure_of<error>(copy(from, to));
    CHECK(failure.code() == reset);
    CHECK(failure.transferred() == size);
  });
}

TEST_CASE("fault 16: receive_file ends with a reset, and so does a read after it") {
  auto const size = GENERATE(std::size_t{5}, std::size_t{40'000});
  complete([&]() -> task<> {
    auto from = co_await reset_after(std::string(size, 'x'));
    auto to = disk_file();
    auto const failure = co_await failure_of<error>(receive_file(from, to, 0, 1'000'000));
    CHECK(failure.code() == reset);
    char buffer[8];
    auto const after = co_await as_result(from.read(buffer));
    CHECK(after.error() == reset);
  });
}
