// buffered_reader returns what is requested and keeps the remaining bytes.
#include "catch.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <strait/strait.hpp>

#include "core/waiting.hpp"
#include "io/streams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Reads lines until the stream ends.
template <class Reader>
task<std::vector<std::string>> lines_of(Reader& in, std::size_t limit = 1000) {
  std::vector<std::string> lines;
  while (auto line = co_await in.read_line(limit)) lines.emplace_back(*line);
  co_return lines;
}

template <class Stream>
task<> send_and_end(Stream& to, std::string text) {
  co_await to.write(text);
  to.shutdown_write();
}

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("fault 11: lines are read correctly however the stream splits them") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    auto [got, _] = co_await when_all(lines_of(in), send_and_end(near, "one\r\ntwo\n\n\r\n\rfive\r\r\n \n"));
    CHECK(got == lines{"one", "two", "", "", "\rfive\r", " "});
  });
}

TEST_CASE("fault 32: NUL and invalid UTF-8 are passed through a reader unchanged") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    std::string const text("\0\xff\xfe\xc3\x28\0", 6);
    buffered_reader in(far);
    auto [got, _] = co_await when_all(lines_of(in), send_and_end(near, text + '\n' + text + "\r\n"));
    CHECK(got == lines{text, text});
  });
}

TEST_CASE("a line may have as many bytes as the limit and not one more") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    auto reading = [&]() -> task<> {
      auto const first = co_await in.read_line(4);
      CHECK(first == "1234");
      auto const second = co_await in.read_line(4);
      CHECK(second == "1234");
      auto const e = co_await failure_of<limit_exceeded>(in.read_line(4));
      CHECK(e.limit() == 4);
      CHECK(e.size() >= 5);
      CHECK(e.code() == errc::limit_exceeded);
      auto const longer = co_await in.read_line(5);
      CHECK(longer == "12345");
      auto const with_return = co_await failure_of<limit_exceeded>(in.read_line(4));
      CHECK(with_return.size() >= 5);
      auto const skipped = co_await in.skip_line();
      CHECK(skipped == 7);
      auto const last = co_await in.read_line(0);
      CHECK(last == "");
      auto const end = co_await in.read_line(0);
      CHECK_FALSE(end.has_value());
    };
    co_await when_all(reading(), send_and_end(near, "1234\n1234\r\n12345\n1234\r5\n\r\n"));
  });
}

TEST_CASE("fault 30: an endless line is refused at its limit with bounded memory") {
  auto [near, far] = duplex({.capacity = 4096});
  complete([&, &to = near, &from = far]() -> task<> {
    buffered_reader in(from);
    auto reading = [&]() -> task<> {
      auto const e = co_await failure_of<limit_exceeded>(in.read_line(100'000));
      CHECK(e.size() > 100'000);
      CHECK(in.buffered().size() < 100'000 + 32 * 1024);
      from.close();
    };
    auto sending = [&]() -> task<> {
      std::string const part(1000, 'x');
      for (;;) {
        auto const sent = co_await as_result(to.write(part));
        if (!sent) break;
      }
    };
    co_await when_all(reading(), sending());
  });
}

TEST_CASE("the error for a line that is too long names the peer and the limit") {
  complete([]() -> task<> {
    auto listener = tcp::listen("127.0.0.1:0");
    auto near = co_await tcp::connect(listener.local_endpoint());
    auto far = co_await listener.accept();
    co_await near.write("GET / HTTP/1.1\r\n");
    buffered_reader in(far);
    auto const e = co_await failure_of<limit_exceeded>(in.read_line(3));
    CHECK(std::string(e.what()) ==
          "read a line from " + near.local_endpoint().to_string() + ": longer than the 3 bytes allowed");
  });
}

TEST_CASE("fault 15: a stream that ends in the middle of a line reports the bytes received and keeps them") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    auto reading = [&]() -> task<> {
      auto const whole = co_await in.read_line();
      CHECK(whole == "whole");
      for (int i = 0; i != 2; ++i) {
        auto const e = co_await failure_of<unexpected_end>(in.read_line());
        CHECK(e.received() == 4);
        CHECK(in.buffered() == "half");
      }
      auto const rest = co_await all_of(in);
      CHECK(rest == "half");
      auto const end = co_await in.read_line();
      CHECK_FALSE(end.has_value());
    };
    co_await when_all(reading(), send_and_end(near, "whole\nhalf"));
  });
}

TEST_CASE("read_until returns the bytes before a delimiter without the delimiter") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    auto reading = [&]() -> task<> {
      auto const first = co_await in.read_until("\r\n\r\n", 10);
      CHECK(first == "a\r\nb\r\n\r");
      auto const empty = co_await in.read_until("--", 0);
      CHECK(empty == "");
      auto const e = co_await failure_of<limit_exceeded>(in.read_until("aab", 2));
      CHECK(e.limit() == 2);
      auto const overlapping = co_await in.read_until("aab", 3);
      CHECK(overlapping == "caa");
      auto const cut = co_await failure_of<unexpected_end>(in.read_until("--", 3));
      CHECK(cut.received() == 2);
      CHECK(in.buffered() == "x-");
    };
    co_await when_all(reading(), send_and_end(near, "a\r\nb\r\n\r\r\n\r\n--caaaabx-"));
  });
}

TEST_CASE("an empty delimiter is refused") {
  auto [near, far] = duplex();
  buffered_reader in(far);
  CHECK_THROWS_AS(in.read_until(""), std::invalid_argument);
}

TEST_CASE("read_exactly fills a buffer or returns a view of the requested size") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    auto reading = [&]() -> task<> {
      char text[3];
      auto const size = co_await in.read_exactly(text);
      CHECK(size == 3);
      CHECK(std::string_view(text, 3) == "abc");
      auto const in_place = co_await in.read_exactly(4);
      CHECK(in_place == "defg");
      auto const none = co_await in.read_exactly(std::size_t{0});
      CHECK(none == "");
      for (std::size_t wanted : {3u, 5000u, 100'000u}) {
        auto const e = co_await failure_of<unexpected_end>(in.read_exactly(wanted));
        CHECK(e.received() == 2);
        CHECK(e.expected() == wanted);
        std::string into(wanted, ' ');
        auto const into_buffer = co_await failure_of<unexpected_end>(in.read_exactly(into));
        CHECK(into_buffer.received() == 2);
        CHECK(into_buffer.expected() == wanted);
        CHECK(in.buffered() == "hi");
      }
    };
    co_await when_all(reading(), send_and_end(near, "abcdefghi"));
  });
}

TEST_CASE("read_exactly can read far more bytes than a buffer holds") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    std::string sent(300'000, '\0');
    fill_pattern(0, sent.data(), sent.size());
    buffered_reader in(far);
    auto reading = [&]() -> task<> {
      auto const line = co_await in.read_line();
      CHECK(line == "go");
      auto const in_place = co_await in.read_exactly(100'000);
      CHECK(in_place == std::string_view(sent).substr(0, 100'000));
      std::string rest(200'000, ' ');
      co_await in.read_exactly(rest);
      CHECK(rest == std::string_view(sent).substr(100'000));
    };
    co_await when_all(reading(), send_and_end(near, "go\n" + sent));
  });
}

TEST_CASE("peek waits for the requested number of bytes or the end of the stream, and consumes nothing") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    auto reading = [&]() -> task<> {
      auto const some = std::string(co_await in.peek(3));
      CHECK(some.size() >= 3);
      CHECK(some.substr(0, 3) == "abc");
      in.consume(2);
      auto const all = co_await in.peek(1000);
      CHECK(all == "cdef");
      CHECK_THROWS_AS(in.consume(5), std::out_of_range);
      in.consume(4);
      auto const end = co_await in.peek();
      CHECK(end == "");
    };
    co_await when_all(reading(), send_and_end(near, "abcdef"));
  });
}

TEST_CASE("read returns buffered bytes first and does not wait for more") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    co_await near.write("line\nrest");
    auto const line = co_await in.read_line();
    CHECK(line == "line");
    std::string rest;
    while (rest.size() < 4) rest += co_await some_of(in, 3);
    CHECK(rest == "rest");
    std::string empty;
    bool is_refused = false;
    try {
      co_await in.read(empty);
    } catch (std::invalid_argument const&) {
      is_refused = true;
    }
    CHECK(is_refused);
  });
}

TEST_CASE("fault 21: every kind of read that is canceled in the middle can be continued") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    co_await near.write("half a li");
    std::string into(9000, ' ');
    auto line = [&]() -> task<> { co_await in.read_line(); };
    auto until = [&]() -> task<> { co_await in.read_until("ne\n"); };
    auto small = [&]() -> task<> { co_await in.read_exactly(100); };
    auto large = [&]() -> task<> { co_await in.read_exactly(into); };
    auto peek = [&]() -> task<> { co_await in.peek(100); };
    for (int i = 0; i != 2; ++i) {
      bool const done = co_await run_and_cancel(line) || co_await run_and_cancel(until) ||
                        co_await run_and_cancel(small) || co_await run_and_cancel(large) ||
                        co_await run_and_cancel(peek);
      CHECK_FALSE(done);
    }
    co_await near.write("ne\n");
    auto const whole = co_await in.read_line();
    CHECK(whole == "half a line");
  });
}

TEST_CASE("a read_line that times out can be continued") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    co_await near.write("half a li");
    co_await failure_of<timed_out>(timeout(1ms, in.read_line()));
    co_await near.write("ne\n");
    auto const whole = co_await timeout(10s, in.read_line());
    CHECK(whole == "half a line");
  });
}

TEST_CASE("a canceled scope ends a read_line even if a line is in the buffer") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    co_await near.write("one\ntwo\n");
    auto const one = co_await in.read_line();
    CHECK(one == "one");
    cancel_scope scope;
    scope.cancel();
    auto const two = co_await scope.run(in.read_line());
    CHECK_FALSE(two.has_value());
    auto const again = co_await in.read_line();
    CHECK(again == "two");
  });
}

TEST_CASE("a reader reports the failure of its stream and keeps the received bytes") {
  complete([]() -> task<> {
    auto listener = tcp::listen("127.0.0.1:0");
    auto peer = raw_connect(listener.local_endpoint());
    auto stream = co_await listener.accept();
    peer.send("half");
    buffered_reader in(stream);
    co_await in.peek(4);
    peer.reset();
    auto const e = co_await failure_of<error>(in.read_line());
    CHECK(e.code() == std::errc::connection_reset);
    CHECK(in.buffered() == "half");
    stream.close();
    auto const closed = co_await failure_of<error>(in.read_line());
    CHECK(closed.code() == errc::closed);
  });
}

TEST_CASE("a second task that reads from a reader while the first one waits is diagnosed") {
  on_every_stream([](auto&, auto& far) -> task<> {
    buffered_reader in(far);
    cancel_scope first;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await first.run(in.read_line()); });
      co_await yield();
      char text[4];
      for (int i = 0; i != 2; ++i) {
        co_await failure_of<std::logic_error>(in.read_line());
        co_await failure_of<std::logic_error>(in.read(text));
        co_await failure_of<std::logic_error>(in.read_exactly(text));
        co_await failure_of<std::logic_error>(in.peek());
      }
      first.cancel();
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("replies in a writer that is tied to the reader are sent together before the reader waits") {
  auto [near, far] = duplex();
  complete([&, &client = near, &server = far]() -> task<> {
    buffered_reader in(server);
    buffered_writer out(server);
    in.tie(out);
    auto serving = [&]() -> task<> {
      while (auto line = co_await in.read_line()) co_await out.print("hello {}\n", *line);
    };
    auto asking = [&]() -> task<> {
      co_await client.write("a\nb\nc");
      auto const first = co_await some_of(client);
      CHECK(first == "hello a\nhello b\n");
      co_await client.write("\n");
      auto const second = co_await some_of(client);
      CHECK(second == "hello c\n");
      client.shutdown_write();
    };
    co_await when_all(serving(), asking());
  });
}

TEST_CASE("a named operation of a reader or a writer can be awaited again") {
  auto [near, far] = duplex();
  complete([&, &from = near, &to = far]() -> task<> {
    buffered_reader in(from);
    buffered_writer out(to);
    auto write = out.write("line\n");
    co_await write;
    co_await write;
    co_await out.flush();
    auto read = in.read_line();
    for (int i = 0; i != 2; ++i) {
      auto const line = co_await read;
      CHECK(line == "line");
    }
    to.shutdown_write();
    auto const end = co_await read;
    CHECK_FALSE(end.has_value());
  });
}

TEST_CASE("as_result returns the failures of a reader") {
  auto [near, far] = duplex();
  complete([&, &to = near, &from = far]() -> task<> {
    buffered_reader in(from);
    co_await to.write("12345");
    auto const refused = co_await as_result(in.read_line(3));
    CHECK(refused.error() == errc::limit_exceeded);
  });
}
