// Reads: some bytes, exact amounts, the end of the stream.
#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <climits>

#include "catch.hpp"
#include "sanitized.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  fill_pattern(0, bytes.data(), size);
  return bytes;
}

}  // namespace

TEST_CASE("a read returns the available bytes up to the size of its buffer") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    peer.send("hello");
    char buffer[3];
    auto const first = co_await stream.read(buffer);
    CHECK(std::string(buffer, first) == "hel");
    auto const second = co_await stream.read(buffer);
    CHECK(std::string(buffer, second) == "lo");
  });
}

TEST_CASE("a read waits for bytes") {
  auto [stream, other] = stream_pair();
  complete([&]() -> task<> {
    char buffer[16];
    auto const [got, written] = co_await when_all(stream.read(buffer), other.write("late"));
    CHECK(std::string(buffer, got) == "late");
    CHECK(written == 4);
  });
}

TEST_CASE("a read at the end of the stream returns 0 every time") {
  auto [stream, peer] = stream_and_peer();
  peer.close();
  complete([&]() -> task<> {
    char buffer[16];
    for (int i = 0; i != 3; ++i) {
      auto const n = co_await stream.read(buffer);
      CHECK(n == 0);
    }
  });
}

TEST_CASE("a read into an empty buffer fails, because its 0 would look like the end of the stream") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    std::string text;
    std::array<mutable_buffer, 3> const empty;
    int failures = 0;
    try {
      co_await stream.read(text);
    } catch (std::invalid_argument const&) {
      ++failures;
    }
    try {
      co_await stream.read(empty);
    } catch (std::invalid_argument const&) {
      ++failures;
    }
    CHECK(failures == 2);
  });
}

TEST_CASE("read_exactly of no bytes completes with 0 at once") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    auto n = co_await stream.read_exactly(mutable_buffers());
    CHECK(n == 0);
    std::array<mutable_buffer, 3> const empty;
    n = co_await stream.read_exactly(empty);
    CHECK(n == 0);
  });
}

TEST_CASE("read_exactly fills its buffer however the bytes are split") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[10];
    auto send_in_parts = [&]() -> task<> {
      for (char const byte : std::string("0123456789")) {
        peer.send(std::string_view(&byte, 1));
        co_await yield();
        co_await yield();
      }
    };
    auto const [n, done] = co_await when_all(stream.read_exactly(buffer), send_in_parts());
    CHECK(n == 10);
    CHECK(std::string(buffer, n) == "0123456789");
  });
}

TEST_CASE("read_exactly takes no more bytes than requested") {
  auto [stream, peer] = stream_and_peer();
  peer.send("headerbody");
  complete([&]() -> task<> {
    char header[6];
    char body[4];
    co_await stream.read_exactly(header);
    co_await stream.read_exactly(body);
    CHECK(std::string(header, 6) == "header");
    CHECK(std::string(body, 4) == "body");
  });
}

TEST_CASE("fault 15: an end of the stream during read_exactly is unexpected_end with the sizes received and expected") {
  auto [stream, peer] = stream_and_peer();
  peer.send("half");
  peer.close();
  complete([&]() -> task<> {
    char buffer[8];
    try {
      co_await stream.read_exactly(buffer);
      FAIL("nothing was thrown");
    } catch (unexpected_end const& e) {
      CHECK(e.received() == 4);
      CHECK(e.expected() == 8);
      CHECK(e.transferred() == 4);
      CHECK(e.code() == errc::unexpected_end);
      CHECK(std::string(e.what()) ==
            "read from " + stream.remote_endpoint().to_string() + ": unexpected end of stream after 4 of 8 bytes");
      CHECK(std::string(buffer, 4) == "half");
    }
  });
}

TEST_CASE("fault 14: an end of the stream before the first byte of read_exactly is unexpected_end with size 0") {
  auto [stream, peer] = stream_and_peer();
  peer.close();
  complete([&]() -> task<> {
    char buffer[8];
    auto const outcome = co_await as_result(stream.read_exactly(buffer));
    CHECK(outcome.error() == errc::unexpected_end);
    CHECK_THROWS_AS(std::rethrow_exception(outcome.exception()), unexpected_end);
  });
}

TEST_CASE("a read fills several buffers in order") {
  auto [stream, peer] = stream_and_peer();
  peer.send("abcdefg");
  complete([&]() -> task<> {
    char one[2];
    char two[3];
    char three[8];
    std::array<mutable_buffer, 5> const buffers{one, mutable_buffer(), two, mutable_buffer(), three};
    auto const n = co_await stream.read(buffers);
    CHECK(n == 7);
    CHECK(std::string(one, 2) == "ab");
    CHECK(std::string(two, 3) == "cde");
    CHECK(std::string(three, 2) == "fg");
  });
}

TEST_CASE("read_exactly fills any number of buffers") {
  auto const count = GENERATE(as<std::size_t>(), 1, 15, 16, 17, 64, IOV_MAX, IOV_MAX + 7);
  auto [stream, peer] = stream_and_peer();
  // The sizes are 0, 1, 2, 3, 4, 0, 1, …
  std::vector<std::size_t> sizes(count);
  for (std::size_t i = 0; i != count; ++i) sizes[i] = i % 5;
  std::size_t const total = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  std::string memory(total, '\0');
  std::vector<mutable_buffer> buffers;
  for (std::size_t i = 0, at = 0; i != count; at += sizes[i++]) buffers.emplace_back(memory.data() + at, sizes[i]);
  peer.send(pattern(total));
  complete([&]() -> task<> {
    auto const n = co_await stream.read_exactly(buffers);
    CHECK(n == total);
  });
  CHECK(memory == pattern(total));
}

TEST_CASE("read_exactly fills several buffers from a stream that arrives in pieces of any size") {
  auto [stream, peer] = stream_and_peer();
  std::string memory(1000, '\0');
  std::vector<mutable_buffer> buffers;
  for (std::size_t i = 0; i != 100; ++i) buffers.emplace_back(memory.data() + 10 * i, 10);
  complete([&]() -> task<> {
    auto send = [&]() -> task<> {
      auto const bytes = pattern(1000);
      for (std::size_t at = 0, size = 1; at < 1000; at += size, size = size % 37 + 3) {
        peer.send(std::string_view(bytes).substr(at, size));
        co_await yield();
        co_await yield();
      }
    };
    auto const [n, done] = co_await when_all(stream.read_exactly(buffers), send());
    CHECK(n == 1000);
  });
  CHECK(memory == pattern(1000));
}

TEST_CASE("fault 11: a peer that sends one byte at a time makes no difference") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    auto dribble = [&]() -> task<> {
      for (std::size_t i = 0; i != 500; ++i) {
        char const byte = pattern_at(i);
        peer.send(std::string_view(&byte, 1));
        if (i % 3 == 0) co_await yield();
      }
      peer.close();
    };
    std::string received;
    auto collect = [&]() -> task<> {
      char buffer[64];
      while (auto const n = co_await stream.read(buffer)) received.append(buffer, n);
    };
    co_await when_all(collect(), dribble());
    CHECK(received == pattern(500));
  });
}

TEST_CASE("data and an end of stream that arrive together are both delivered") {
  // With edge-triggered events, an end of stream without an event of its own is easily missed. Both orders are tested:
  // the reader waits first, or the bytes arrive first.
  bool const reader_first = GENERATE(true, false);
  auto listener = tcp::listen("127.0.0.1:0");
  int ended = 0;
  int const times = scaled(3000);
  complete([&]() -> task<> {
    for (int i = 0; i != times; ++i) {
      auto peer = raw_connect(listener.local_endpoint());
      auto stream = co_await listener.accept();
      auto send_and_close = [&]() -> task<> {
        peer.send("last words");
        peer.close();
        co_return;
      };
      auto read_all = [&]() -> task<> {
        char buffer[64];
        std::size_t n = co_await stream.read(buffer);
        CHECK(n == 10);
        n = co_await stream.read(buffer);
        ended += n == 0;
      };
      if (reader_first) co_await when_all(read_all(), send_and_close());
      else co_await when_all(send_and_close(), read_all());
    }
  });
  CHECK(ended == times);
}

TEST_CASE("an end of stream that arrives between two reads is delivered") {
  auto listener = tcp::listen("127.0.0.1:0");
  int ended = 0;
  int const times = scaled(3000);
  complete([&]() -> task<> {
    char buffer[64];
    for (int i = 0; i != times; ++i) {
      auto peer = raw_connect(listener.local_endpoint());
      auto stream = co_await listener.accept();
      peer.send("x");
      auto const first = co_await stream.read(buffer);  // a short read
      CHECK(first == 1);
      if (i % 3 == 1) co_await yield();
      peer.close();
      if (i % 3 == 2) co_await yield();
      auto const second = co_await stream.read(buffer);
      ended += second == 0;
    }
  });
  CHECK(ended == times);
}

TEST_CASE("a read that exactly fills its buffer does not hide the bytes after it") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    char buffer[4];
    for (int i = 0; i != 100; ++i) {
      peer.send("12345678");
      co_await stream.read(buffer);
      auto const n = co_await stream.read(buffer);
      CHECK(n == 4);
    }
    peer.close();
    auto const n = co_await stream.read(buffer);
    CHECK(n == 0);
  });
}

TEST_CASE("any contiguous range of bytes is a buffer") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    peer.send("aabbccdd");
    std::string text(2, '\0');
    std::vector<std::byte> bytes(2);
    std::array<unsigned char, 2> numbers{};
    signed char raw[2];
    co_await stream.read_exactly(text);
    co_await stream.read_exactly(bytes);
    co_await stream.read_exactly(std::span(numbers));
    co_await stream.read_exactly(raw);
    CHECK(text == "aa");
    CHECK(bytes[1] == std::byte{'b'});
    CHECK(numbers[1] == 'c');
    CHECK(raw[1] == 'd');
  });
}

TEST_CASE("urgent data does not hide the bytes sent after it") {
  auto [stream, peer] = stream_and_peer();
  peer.send("ab");
  REQUIRE(::send(peer.get(), "!", 1, MSG_OOB) == 1);
  peer.send("cd");
  char got[4] = {};
  complete([&]() -> task<> { co_await stream.read_exactly(got); });
  CHECK(std::string_view(got, sizeof got) == "abcd");
}
