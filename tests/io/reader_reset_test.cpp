// Readers, copies and file transfers report a reset as their stream does, even if a write has already reported it.
#include "catch.hpp"

#include <string>

#include <poll.h>

#include "io/transfers.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// A stream whose peer has sent `bytes` and reset the connection, and on which a write has already reported the reset.
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

TEST_CASE("fault 16: read_line returns the lines received before a reset and then reports the reset") {
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

TEST_CASE("fault 16: frame_reader returns the frames received before a reset and then reports the reset") {
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

TEST_CASE("fault 16: copy reports a reset and not the end of half a document") {
  auto const size = GENERATE(std::size_t{5}, std::size_t{40'000});  // without and with splice
  complete([&]() -> task<> {
    auto from = co_await reset_after(std::string(size, 'x'));
    auto [to, sink] = stream_and_peer();
    auto const failure = co_await failure_of<error>(copy(from, to));
    CHECK(failure.code() == reset);
    CHECK(failure.transferred() == size);
  });
}

TEST_CASE("fault 16: receive_file reports a reset and so does a later read") {
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
