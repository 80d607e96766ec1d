// Messages are received as they were sent.
#include "catch.hpp"

#include <string>
#include <vector>

#include <strait/strait.hpp>

#include "core/waiting.hpp"
#include "io/streams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

using messages = std::vector<std::string>;

template <class Stream>
task<messages> messages_of(Stream& from, frame_format format) {
  buffered_reader in(from);
  frame_reader frames(in, format);
  messages all;
  while (auto message = co_await frames.read()) all.emplace_back(*message);
  co_return all;
}

template <class Stream>
task<> send_all(Stream& to, frame_format format, messages const& all) {
  buffered_writer out(to);
  frame_writer frames(out, format);
  for (auto const& each : all) {
    auto const size = co_await frames.write(each);
    CHECK(size == each.size());
  }
  co_await out.flush();
  to.shutdown_write();
}

/// The encoding of one message.
std::string framed(frame_format format, std::string message) {
  auto [near, far] = duplex();
  messages const one = {std::move(message)};
  return complete([&, &from = near, &to = far]() -> task<std::string> {
    auto const [bytes, _] = co_await when_all(all_of(from), send_all(to, format, one));
    co_return bytes;
  });
}

/// The error of type `Error` with which reading `bytes` fails.
template <class Error>
Error failure_of_reading(frame_format format, std::string bytes) {
  auto [near, far] = duplex();
  return complete([&, &from = near, &to = far]() -> task<Error> {
    co_await to.write(bytes);
    to.shutdown_write();
    co_return co_await failure_of<Error>(messages_of(from, format));
  });
}

constexpr length_prefix all_prefixes[] = {
    length_prefix::u8,     length_prefix::u16_be, length_prefix::u16_le, length_prefix::u32_be,
    length_prefix::u32_le, length_prefix::u64_be, length_prefix::u64_le, length_prefix::varint,
};

}  // namespace

TEST_CASE("each length prefix is written in its format") {
  std::string const message(0x12, 'x');
  auto const prefix_of = [&](length_prefix prefix) {
    auto const frame = framed(frame_format::prefixed(prefix), message);
    CHECK(frame.ends_with(message));
    return frame.substr(0, frame.size() - message.size());
  };
  CHECK(prefix_of(length_prefix::u8) == "\x12");
  CHECK(prefix_of(length_prefix::u16_be) == std::string("\0\x12", 2));
  CHECK(prefix_of(length_prefix::u16_le) == std::string("\x12\0", 2));
  CHECK(prefix_of(length_prefix::u32_be) == std::string("\0\0\0\x12", 4));
  CHECK(prefix_of(length_prefix::u32_le) == std::string("\x12\0\0\0", 4));
  CHECK(prefix_of(length_prefix::u64_be) == std::string("\0\0\0\0\0\0\0\x12", 8));
  CHECK(prefix_of(length_prefix::u64_le) == std::string("\x12\0\0\0\0\0\0\0", 8));
  CHECK(prefix_of(length_prefix::varint) == "\x12");
}

TEST_CASE("a varint has seven bits in each byte and begins with the least significant ones") {
  auto const format = frame_format::prefixed(length_prefix::varint);
  CHECK(framed(format, std::string(127, 'x')).substr(0, 1) == "\x7f");
  CHECK(framed(format, std::string(128, 'x')).substr(0, 2) == "\x80\x01");
  CHECK(framed(format, std::string(300, 'x')).substr(0, 2) == "\xac\x02");  // as in the Protocol Buffers docs
}

TEST_CASE("fault 13: messages are received as they were sent, with every prefix and however the stream splits them") {
  messages const sent = {"one", "", std::string("\0\n\xff", 3), std::string(200, 'x'), "last"};
  for (auto const prefix : all_prefixes) {
    INFO("prefix " << static_cast<int>(prefix));
    on_every_stream([&](auto& near, auto& far) -> task<> {
      auto const format = frame_format::prefixed(prefix);
      auto const [got, _] = co_await when_all(messages_of(near, format), send_all(far, format, sent));
      CHECK(got == sent);
    });
  }
}

TEST_CASE("delimited messages are received as they were sent") {
  messages const sent = {"one", "", "-", "\r\n", "last"};
  on_every_stream([&](auto& near, auto& far) -> task<> {
    auto const format = frame_format::delimited("--");
    messages const sendable = {"one", "", "\r\n", "last"};
    auto const [got, _] = co_await when_all(messages_of(near, format), send_all(far, format, sendable));
    CHECK(got == sendable);
  });
}

TEST_CASE("a message that contains its delimiter is not sent") {
  auto [near, far] = duplex();
  complete([&, &to = far]() -> task<> {
    buffered_writer out(to);
    frame_writer frames(out, frame_format::delimited("--"));
    for (char const* message : {"a--b", "--", "a-"}) {
      auto const e = co_await failure_of<error>(frames.write(const_buffer(std::string_view(message))));
      CHECK(e.code() == std::errc::bad_message);
    }
    const_buffer const parts[] = {"a-", "-b"};
    auto const e = co_await failure_of<error>(frames.write(parts));
    CHECK(std::string(e.what()) == "write a frame to the stream: the message contains the delimiter");
    CHECK(out.buffered() == 0);
  });
}

TEST_CASE("a message that is too long is not sent") {
  auto [near, far] = duplex();
  complete([&, &to = far]() -> task<> {
    buffered_writer out(to);
    frame_writer small(out, frame_format::prefixed(length_prefix::u32_be, 4));
    auto const e = co_await failure_of<limit_exceeded>(small.write("12345"));
    CHECK(e.size() == 5);
    CHECK(e.limit() == 4);
    const_buffer const parts[] = {"123", "45"};
    co_await failure_of<limit_exceeded>(small.write(parts));
    frame_writer one_byte(out, frame_format::prefixed(length_prefix::u8));
    auto const beyond = co_await failure_of<limit_exceeded>(one_byte.write(std::string(256, 'x')));
    CHECK(beyond.limit() == 255);
    CHECK(out.buffered() == 0);
  });
}

TEST_CASE("a message in several parts is sent as one message") {
  for (auto const& format : {frame_format::prefixed(length_prefix::u32_be), frame_format::delimited("\n")})
    on_every_stream([&](auto& near, auto& far) -> task<> {
      auto sending = [&]() -> task<> {
        buffered_writer out(far);
        frame_writer frames(out, format);
        const_buffer const parts[] = {"a", "", "b", "c", "d", "e", "f", "g"};
        auto const size = co_await frames.write(parts);
        CHECK(size == 7);
        co_await out.flush();
        far.shutdown_write();
      };
      auto const [got, _] = co_await when_all(messages_of(near, format), sending());
      CHECK(got == messages{"abcdefg"});
    });
}

TEST_CASE("fault 14: the end of the stream between messages is a clean end") {
  for (auto const prefix : all_prefixes) CHECK_NOTHROW(framed(frame_format::prefixed(prefix), ""));
  auto [near, far] = duplex();
  complete([&, &from = near, &to = far]() -> task<> {
    to.shutdown_write();
    auto const none = co_await messages_of(from, frame_format::prefixed(length_prefix::u32_be));
    CHECK(none.empty());
  });
}

TEST_CASE("fault 15: the end of the stream within a message reports the bytes received and expected") {
  auto const format = frame_format::prefixed(length_prefix::u32_be);
  auto const in_prefix = failure_of_reading<unexpected_end>(format, std::string("\0\0", 2));
  CHECK(in_prefix.received() == 2);
  CHECK(in_prefix.expected() == 4);
  auto const in_message = failure_of_reading<unexpected_end>(format, std::string("\0\0\0\x05hi", 6));
  CHECK(in_message.received() == 6);
  CHECK(in_message.expected() == 9);
  CHECK(std::string(in_message.what()) == "read a frame from the stream: unexpected end of stream after 6 of 9 bytes");
  auto const delimited = failure_of_reading<unexpected_end>(frame_format::delimited("\n"), "hi");
  CHECK(delimited.received() == 2);
}

TEST_CASE("fault 31: a length that is too large is refused before memory is allocated") {
  auto const u32 = frame_format::prefixed(length_prefix::u32_be, 1000);
  auto const largest = failure_of_reading<limit_exceeded>(u32, "\xff\xff\xff\xff");
  CHECK(largest.size() == UINT32_MAX);
  CHECK(largest.limit() == 1000);
  CHECK(std::string(largest.what()) == "read a frame from the stream: longer than the 1000 bytes allowed");
  failure_of_reading<limit_exceeded>(u32, std::string("\0\0\x03\xe9", 4));
  auto const u64 = frame_format::prefixed(length_prefix::u64_le);
  failure_of_reading<limit_exceeded>(u64, std::string(8, '\xff'));
  auto const varint = frame_format::prefixed(length_prefix::varint);
  failure_of_reading<limit_exceeded>(varint, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST_CASE("a permitted length allocates no more memory than the bytes received so far need") {
  auto [near, far] = duplex();
  complete([&, &from = near, &to = far]() -> task<> {
    buffered_reader in(from);
    frame_reader frames(in, frame_format::prefixed(length_prefix::u64_be, SIZE_MAX));
    std::string prefix(8, '\0');
    prefix[0] = '\x10';  // 2^60 bytes
    co_await to.write(prefix + "some");
    auto reading = [&]() -> task<> { co_await frames.read(); };
    bool const done = co_await run_and_cancel(reading);
    CHECK_FALSE(done);
    CHECK(in.buffered().size() == 12);
  });
}

TEST_CASE("a varint that does not end within 64 bits is refused") {
  auto const varint = frame_format::prefixed(length_prefix::varint);
  for (char const* bytes : {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"}) {
    auto const e = failure_of_reading<error>(varint, bytes);
    CHECK(e.code() == std::errc::bad_message);
    CHECK(std::string(e.what()) == "read a frame from the stream: the length prefix is not a valid 64-bit varint");
  }
}

TEST_CASE("fault 33: a different protocol is refused at its first bytes") {
  auto const format = frame_format::prefixed(length_prefix::u32_be);
  failure_of_reading<limit_exceeded>(format, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  failure_of_reading<limit_exceeded>(format, std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11));
}

TEST_CASE("fault 21: a message whose read is canceled in the middle is returned by the next read") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    frame_reader frames(in, frame_format::prefixed(length_prefix::u16_be));
    std::string const bytes("\0\x05hello", 7);
    for (char const byte : bytes) {
      auto reading = [&]() -> task<> { co_await frames.read(); };
      bool const done = co_await run_and_cancel(reading);
      CHECK_FALSE(done);
      co_await near.write(std::string_view(&byte, 1));
    }
    auto const message = co_await frames.read();
    CHECK(message == "hello");
  });
}

TEST_CASE("a message whose write is canceled is sent completely or not at all") {
  auto [near, far] = duplex({.capacity = 1});
  complete([&, &from = near, &to = far]() -> task<> {
    auto const format = frame_format::prefixed(length_prefix::u16_be);
    buffered_writer out(to, 8);
    frame_writer frames(out, format);
    auto const write_and_cancel = [&](std::string message) -> task<> {
      auto writing = [&]() -> task<> { co_await frames.write(message); };
      static_cast<void>(co_await run_and_cancel(writing));
    };
    co_await frames.write("first");
    co_await write_and_cancel("not");
    co_await write_and_cancel("rather long");
    auto ending = [&]() -> task<> {
      co_await frames.write("last");
      co_await out.flush();
      to.shutdown_write();
    };
    auto const [got, _] = co_await when_all(messages_of(from, format), ending());
    CHECK(got == messages{"first", "last"});
  });
}

TEST_CASE("lines and messages can alternate on one reader and one writer") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    auto const format = frame_format::prefixed(length_prefix::u32_le);
    auto sending = [&]() -> task<> {
      buffered_writer out(near);
      frame_writer frames(out, format);
      co_await out.print("HELLO {}\r\n", 1);
      co_await frames.write("message");
      co_await out.write("bye\n");
      co_await out.flush();
    };
    auto receiving = [&]() -> task<> {
      buffered_reader in(far);
      frame_reader frames(in, format);
      auto const hello = std::string(*co_await in.read_line());
      CHECK(hello == "HELLO 1");
      auto const message = std::string(*co_await frames.read());
      CHECK(message == "message");
      auto const bye = std::string(*co_await in.read_line());
      CHECK(bye == "bye");
    };
    co_await when_all(sending(), receiving());
  });
}
