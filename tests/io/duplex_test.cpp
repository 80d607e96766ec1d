// Streams in memory behave like sockets.
#include "catch.hpp"

#include <algorithm>
#include <string>

#include <strait/io/duplex.hpp>
#include <strait/io/stream.hpp>
#include <strait/strait.hpp>

#include "core/waiting.hpp"
#include "io/streams.hpp"

using namespace strait;
using namespace strait::test;

static_assert(stream<duplex_stream> && stream<tcp::stream> && stream<local::stream>);

TEST_CASE("each end of a duplex reads what the other end writes") {
  auto [a, b] = duplex();
  run([&]() -> task<> {
    auto const sent = co_await a.write("ping");
    CHECK(sent == 4);
    co_await b.write("pong!");
    auto const there = co_await some_of(b);
    CHECK(there == "ping");
    auto const back = co_await some_of(a);
    CHECK(back == "pong!");
  });
}

TEST_CASE("a write to a duplex waits when its capacity is used up") {
  auto [a, b] = duplex({.capacity = 4});
  run([&, &to = a, &from = b]() -> task<> {
    bool written = false;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await to.write("0123456789");
        written = true;
      });
      co_await turns(3);
      CHECK_FALSE(written);
      auto const first = co_await some_of(from);
      CHECK(first == "0123");
      CHECK_FALSE(written);
      char rest[6];
      co_await from.read_exactly(rest);
      CHECK(std::string_view(rest, 6) == "456789");
      co_await turns(1);
      CHECK(written);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a long message passes through a duplex with a capacity of one byte") {
  auto [a, b] = duplex({.capacity = 1});
  run([&]() -> task<> {
    std::string const sent(10'000, 'x');
    std::string got(sent.size(), ' ');
    co_await when_all(b.read_exactly(got), a.write(sent));
    CHECK(got == sent);
  });
}

TEST_CASE("several buffers are written and read in order") {
  auto [a, b] = duplex({.capacity = 3});
  run([&]() -> task<> {
    const_buffer const parts[] = {"ab", "", "cdefg", "h"};
    char first[3];
    char second[5];
    mutable_buffer const into[] = {first, {}, second};
    co_await when_all(b.read_exactly(into), a.write(parts));
    CHECK(std::string_view(first, 3) == "abc");
    CHECK(std::string_view(second, 5) == "defgh");
  });
}

TEST_CASE("a duplex with a chunk size of one transfers one byte at a time") {
  auto [a, b] = duplex({.max_chunk = 1});
  run([&]() -> task<> {
    co_await a.write("ab");
    auto const first = co_await some_of(b);
    CHECK(first == "a");
    auto const second = co_await some_of(b);
    CHECK(second == "b");
    auto const taken = co_await a.write_some("xyz");
    CHECK(taken == 1);
  });
}

TEST_CASE("a duplex with a seed uses chunks of random but reproducible sizes") {
  auto const sizes = [](std::uint64_t seed) {
    auto [a, b] = duplex({.max_chunk = 7, .seed = seed});
    std::vector<std::size_t> all;
    run([&, &to = a, &from = b]() -> task<> {
      co_await to.write(std::string(100, 'x'));
      to.shutdown_write();
      char text[100];
      while (auto n = co_await from.read(text)) all.push_back(n);
    });
    return all;
  };
  auto const first = sizes(1);
  CHECK(first == sizes(1));
  CHECK(first != sizes(2));
  CHECK(*std::max_element(first.begin(), first.end()) <= 7);
  CHECK(first.size() > 100 / 7 + 1);
}

TEST_CASE("the end of one direction of a duplex is read as the end, and the other direction continues") {
  auto [a, b] = duplex();
  run([&]() -> task<> {
    co_await a.write("last");
    a.shutdown_write();
    auto const last = co_await all_of(b);
    CHECK(last == "last");
    auto const again = co_await some_of(b);
    CHECK(again.empty());
    co_await b.write("reply");
    auto const reply = co_await some_of(a);
    CHECK(reply == "reply");
    auto const late = co_await failure_of<error>(a.write("x"));
    CHECK(late.code() == std::errc::broken_pipe);
  });
}

TEST_CASE("the end of a duplex during read_exactly reports how many bytes were received") {
  auto [a, b] = duplex();
  run([&]() -> task<> {
    co_await a.write("abc");
    a.close();
    char text[8];
    auto const e = co_await failure_of<unexpected_end>(b.read_exactly(text));
    CHECK(e.received() == 3);
    CHECK(e.expected() == 8);
    CHECK(std::string(e.what()) == "read from a duplex stream: unexpected end of stream after 3 of 8 bytes");
  });
}

TEST_CASE("a write to a duplex whose other end is closed fails and reports the bytes taken") {
  auto [a, b] = duplex({.capacity = 4});
  run([&, &to = a, &from = b]() -> task<> {
    auto closing = [&]() -> task<> {
      co_await yield();
      from.close();
    };
    auto const [e, _] = co_await when_all(failure_of<error>(to.write("0123456789")), closing());
    CHECK(e.code() == std::errc::broken_pipe);
    CHECK(e.transferred() == 4);
  });
}

TEST_CASE("closing an end of a duplex ends the operations that wait on it") {
  auto [a, b] = duplex({.capacity = 1});
  run([&, &mine = a]() -> task<> {
    auto closing = [&]() -> task<> {
      co_await yield();
      mine.close();
      mine.close();
    };
    char text[4];
    auto const [read, write, _] =
        co_await when_all(failure_of<error>(mine.read(text)), failure_of<error>(mine.write("abc")), closing());
    CHECK(read.code() == errc::closed);
    CHECK(write.code() == errc::closed);
    CHECK_FALSE(mine.is_open());
  });
}

TEST_CASE("a canceled operation on a duplex reports the bytes transferred") {
  auto [a, b] = duplex({.capacity = 4});
  run([&, &to = a, &from = b]() -> task<> {
    std::size_t moved = 0;
    auto writing = [&]() -> task<> {
      try {
        co_await to.write("0123456789");
      } catch (canceled const& c) {
        moved = c.transferred();
        throw;
      }
    };
    bool const written = co_await run_and_cancel(writing);
    CHECK_FALSE(written);
    CHECK(moved == 4);
    auto const there = co_await some_of(from);
    CHECK(there == "0123");

    auto reading = [&]() -> task<> { co_await some_of(from); };
    bool const read = co_await run_and_cancel(reading);
    CHECK_FALSE(read);
    co_await to.write("more");
    auto const more = co_await some_of(from);
    CHECK(more == "more");
  });
}

TEST_CASE("a second concurrent reader of a duplex is diagnosed") {
  auto [a, b] = duplex();
  run([&, &from = b]() -> task<> {
    cancel_scope first;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await first.run(some_of(from)); });
      co_await yield();
      auto const e = co_await failure_of<std::logic_error>(some_of(from));
      CHECK(std::string(e.what()) == "strait: two reads at once on a duplex stream: one task at a time may read it");
      first.cancel();
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a task that uses a duplex without ever waiting lets other tasks run") {
  auto [a, b] = duplex();
  run([&, &to = a, &from = b]() -> task<> {
    bool others_ran = false;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        others_ran = true;
        co_return;
      });
      for (int i = 0; i != 1000 && !others_ran; ++i) {
        co_await to.write("x");
        co_await some_of(from);
      }
      CHECK(others_ran);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a task that waits for a duplex can be dropped") {
  event_loop loop;
  auto [a, b] = duplex();
  {
    background_task<std::string> const waiting(loop, some_of(b));
    loop.run(turns(2));
  }
  loop.run([&, &to = a, &from = b]() -> task<> {
    co_await to.write("abc");
    auto const got = co_await some_of(from);
    CHECK(got == "abc");
  });
}

TEST_CASE("shutdown_write of a duplex may be repeated and called after the other end is closed") {
  auto [a, b] = duplex();
  a.shutdown_write();
  CHECK_NOTHROW(a.shutdown_write());
  b.close();
  CHECK_NOTHROW(a.shutdown_write());
}
