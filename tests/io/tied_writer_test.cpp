// A reader flushes the writer that is tied to it before it waits: while other tasks write, and when the flush fails.
#include "catch.hpp"

#include <optional>
#include <string>

#include <strait/io/duplex.hpp>

#include "core/waiting.hpp"
#include "io/streams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// A stream in memory with a small capacity, with a tied reader and writer at one end.
struct tied_pair {
  explicit tied_pair(duplex_options const& options = {.capacity = 8}) : ends(duplex(options)) { in.tie(out); }
  std::pair<duplex_stream, duplex_stream> ends;
  duplex_stream& near = ends.first;
  duplex_stream& far = ends.second;
  buffered_reader<duplex_stream> in{near};
  buffered_writer<duplex_stream> out{near};
};

/// Reads `size` bytes from `far`.
task<std::string> receive(duplex_stream& far, std::size_t size) {
  std::string bytes(size, '\0');
  co_await far.read_exactly(bytes);
  co_return bytes;
}

}  // namespace

TEST_CASE("a task that writes waits for the flush of a tied reader whose peer reads slowly") {
  tied_pair p;
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      std::optional<std::string> request;
      bool has_written = false;
      group.spawn([&]() -> task<> {
        co_await p.out.print("a long reply\n");
        request = co_await p.in.read_line();
      });
      co_await turns(3);
      group.spawn([&]() -> task<> {
        co_await p.out.print("tick\n");
        co_await p.out.flush();
        has_written = true;
      });
      co_await turns(3);
      CHECK_FALSE(has_written);
      auto const received = co_await receive(p.far, 18);
      CHECK(received == "a long reply\ntick\n");
      co_await p.far.write("get\n");
      co_await turns(5);
      CHECK(has_written);
      CHECK(request == "get");
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a tied reader waits for another task's flush and then flushes what was written since") {
  tied_pair p;
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      std::optional<std::string> request;
      group.spawn([&]() -> task<> {
        co_await p.out.print("a long message\n");
        co_await p.out.flush();
        co_await p.out.print("more\n");
      });
      co_await turns(3);
      group.spawn([&]() -> task<> { request = co_await p.in.read_line(); });
      co_await turns(3);
      auto const received = co_await receive(p.far, 20);
      CHECK(received == "a long message\nmore\n");
      co_await p.far.write("get\n");
      co_await turns(5);
      CHECK(request == "get");
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("two concurrent writing tasks are diagnosed even while a tied reader flushes") {
  tied_pair p;
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      co_await p.out.print("a long reply\n");
      group.spawn([&]() -> task<> { static_cast<void>(co_await p.in.read_line()); });
      co_await turns(3);
      group.spawn([&]() -> task<> { co_await p.out.print("one\n"); });
      co_await turns(3);
      bool is_diagnosed = false;
      try {
        co_await p.out.print("two\n");
      } catch (std::logic_error const&) {
        is_diagnosed = true;
      }
      CHECK(is_diagnosed);
      group.cancel();
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a tied reader returns an answer even if its flush fails, and the writer reports the failure") {
  tied_pair p({.capacity = 100});
  complete([&]() -> task<> {
    co_await p.far.write("413 too large\n");
    p.far.close();
    co_await p.out.print("PUT / 2\n");
    auto const answer = co_await p.in.read_line();
    CHECK(answer == "413 too large");
    auto const end = co_await p.in.read_line();
    CHECK_FALSE(end);
    auto const failure = co_await failure_of<error>(p.out.flush());
    CHECK(std::string(failure.what()) == "write to a duplex stream: broken pipe");
    CHECK(p.out.buffered() == 8);
  });
}

TEST_CASE("every kind of read leaves the failure of its flush to the writer") {
  tied_pair p({.capacity = 100'000});
  int const kind = GENERATE(0, 1, 2, 3);
  complete([&]() -> task<> {
    std::string const answer(20'000, 'a');
    co_await p.far.write(answer);
    p.far.close();
    co_await p.out.print("PUT / 2\n");
    std::string got(answer.size(), '\0');
    if (kind == 0) got.resize(co_await p.in.read(got));
    else if (kind == 1) co_await p.in.read_exactly(got);
    else if (kind == 2) got = co_await p.in.read_exactly(got.size());
    else got = co_await p.in.peek();
    CHECK_FALSE(got.empty());
    CHECK(got == answer.substr(0, got.size()));
  });
}

TEST_CASE("the failure of a tied flush is reported once by the next operation of the writer") {
  tied_pair p({.capacity = 100});
  int const kind = GENERATE(0, 1, 2, 3);
  complete([&]() -> task<> {
    p.far.close();
    co_await p.out.print("unsent");
    static_cast<void>(co_await p.in.read_line());
    CHECK_FALSE(p.out.try_write("more"));
    std::string const large(100'000, 'x');
    auto operation = [&]() -> task<> {
      if (kind == 0) co_await p.out.print("more");
      else if (kind == 1) co_await p.out.write("more");
      else if (kind == 2) co_await p.out.write(large);
      else co_await p.out.flush();
    };
    auto const failure = co_await failure_of<error>(operation());
    CHECK(failure.code() == std::errc::broken_pipe);
    CHECK(failure.transferred() == 0);
    CHECK(p.out.buffered() == 6);
    CHECK(p.out.try_write("more"));
  });
}

TEST_CASE("a tied reader that is canceled while it flushes leaves the writer usable") {
  tied_pair p;
  complete([&]() -> task<> {
    co_await p.out.print("a long reply\n");
    auto const outcome = co_await as_result(timeout(1ms, p.in.read_line()));
    CHECK(outcome.error() == std::errc::timed_out);
    auto const [received, flushed] = co_await when_all(receive(p.far, 13), as_result(p.out.flush()));
    CHECK(received == "a long reply\n");
    CHECK(flushed);
  });
}

TEST_CASE("a tied reader whose peer accepts nothing ends with the write timeout") {
  auto [near, far] = stream_pair();
  complete([&, &on = near]() -> task<> {
    buffered_reader in(on);
    buffered_writer out(on, 64 * 1024 * 1024);
    in.tie(out);
    on.write_timeout(50ms);
    co_await out.write(std::string(32 * 1024 * 1024, 'x'));
    auto const outcome = co_await as_result(in.read_line());
    CHECK(outcome.error() == std::errc::timed_out);
  });
}
