// buffered_writer collects writes and sends all of them.
#include "catch.hpp"

#include <algorithm>
#include <string>
#include <type_traits>

#include <strait/strait.hpp>

#include "core/waiting.hpp"
#include "io/streams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// More bytes than the stream accepts at once.
template <class Stream>
std::size_t more_than_fits(Stream const&) {
  return std::is_base_of_v<socket_stream, Stream> ? 20'000'000 : 100'000;
}

}  // namespace

TEST_CASE("written and printed bytes are sent in one piece by a flush") {
  auto [near, far] = duplex();
  complete([&, &from = near, &to = far]() -> task<> {
    buffered_writer out(to);
    auto const size = co_await out.write("one ");
    CHECK(size == 4);
    const_buffer const parts[] = {"two", "", " three"};
    co_await out.write(parts);
    co_await out.print(" {} {:>3}", "four", 5);
    co_await out.print("");
    CHECK(out.buffered() == 22);
    co_await out.flush();
    CHECK(out.buffered() == 0);
    auto const got = co_await some_of(from);
    CHECK(got == "one two three four   5");
  });
}

TEST_CASE("fault 12: a flush sends all bytes however short the writes that the stream accepts") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    std::string sent(200'000, ' ');
    fill_pattern(0, sent.data(), sent.size());
    buffered_writer out(far, 1000);
    auto writing = [&]() -> task<> {
      std::string_view rest = sent;
      for (std::size_t size = 1; !rest.empty(); size = size * 7 % 4001) {
        co_await out.write(rest.substr(0, size));
        rest.remove_prefix(std::min(size, rest.size()));
      }
      co_await out.flush();
      far.shutdown_write();
    };
    auto const [got, _] = co_await when_all(all_of(near), writing());
    CHECK(got == sent);
  });
}

TEST_CASE("a write waits while the buffer is filled to the high-water mark") {
  auto [near, far] = duplex({.capacity = 1});
  complete([&, &from = near, &to = far]() -> task<> {
    buffered_writer out(to, 10);
    co_await out.write("123456");
    CHECK_FALSE(out.try_write("78901"));
    CHECK(out.try_write("7890"));
    CHECK(out.buffered() == 10);

    std::size_t taken = 1;
    auto writing = [&]() -> task<> {
      try {
        co_await out.write("more");
      } catch (canceled const& c) {
        taken = c.transferred();
        throw;
      }
    };
    bool const written = co_await run_and_cancel(writing);
    CHECK_FALSE(written);
    CHECK(taken == 0);
    CHECK(out.buffered() == 9);  // one byte is on its way

    auto printing = [&]() -> task<> { co_await out.print("{}", "x"); };
    bool const printed = co_await run_and_cancel(printing);
    CHECK(printed);  // there was room for it

    auto const [got, _1, _2] = co_await when_all(all_of(from), out.write("the rest"), [&]() -> task<> {
      co_await turns(3);
      co_await out.flush();
      to.shutdown_write();
    }());
    CHECK(got == "1234567890xthe rest");
  });
}

TEST_CASE("fault 22: a flush that is canceled in the middle can be continued") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    std::string sent(more_than_fits(far), ' ');
    fill_pattern(0, sent.data(), sent.size());
    buffered_writer out(far, sent.size());
    co_await out.write(sent);
    auto flushing = [&]() -> task<> { co_await out.flush(); };
    bool const flushed = co_await run_and_cancel(flushing);
    CHECK_FALSE(flushed);
    CHECK(out.buffered() > 0);
    CHECK(out.buffered() < sent.size());
    auto ending = [&]() -> task<> {
      co_await out.flush();
      far.shutdown_write();
    };
    auto const [got, _] = co_await when_all(all_of(near), ending());
    CHECK(got == sent);
  });
}

TEST_CASE("a write larger than the mark that is canceled in the middle is kept as a whole") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    std::string sent(more_than_fits(far), ' ');
    fill_pattern(0, sent.data(), sent.size());
    buffered_writer out(far, 100);
    co_await out.write("before ");
    std::size_t taken = 0;
    auto writing = [&]() -> task<> {
      try {
        co_await out.write(sent);
      } catch (canceled const& c) {
        taken = c.transferred();
        throw;
      }
    };
    bool const written = co_await run_and_cancel(writing);
    CHECK_FALSE(written);
    CHECK(taken == sent.size());
    auto ending = [&]() -> task<> {
      co_await out.write(" behind");
      co_await out.flush();
      far.shutdown_write();
    };
    auto const [got, _] = co_await when_all(all_of(near), ending());
    CHECK(got == "before " + sent + " behind");
  });
}

TEST_CASE("fault 20: a flush to a peer that never reads ends at its deadline and keeps the unsent bytes") {
  auto [near, far] = duplex({.capacity = 10});
  complete([&, &from = near, &to = far]() -> task<> {
    buffered_writer out(to, 100);
    co_await out.write(std::string(50, 'x'));
    co_await failure_of<timed_out>(timeout(1ms, out.flush()));
    CHECK(out.buffered() == 40);
    auto const there = co_await some_of(from);
    CHECK(there.size() == 10);
  });
}

TEST_CASE("a write whose peer has closed reports how many of its bytes were taken") {
  auto [near, far] = duplex();
  complete([&, &from = near, &to = far]() -> task<> {
    buffered_writer out(to, 10);
    co_await out.write("12345678");
    from.close();
    auto const small = co_await failure_of<error>(out.write("abc"));
    CHECK(small.code() == std::errc::broken_pipe);
    CHECK(small.transferred() == 0);
    auto const large = co_await failure_of<error>(out.write(std::string(100, 'x')));
    CHECK(large.transferred() == 0);
    CHECK(out.buffered() == 8);
  });
}

TEST_CASE("a printed text may be longer than any buffer") {
  auto [near, far] = duplex();
  complete([&, &from = near, &to = far]() -> task<> {
    std::string const text(100'000, 'x');
    buffered_writer out(to, 16);
    auto printing = [&]() -> task<> {
      co_await out.print("{}{}", 1, text);
      co_await out.print("{}", 2);
      co_await out.flush();
      to.shutdown_write();
    };
    auto const [got, _] = co_await when_all(all_of(from), printing());
    CHECK(got == "1" + text + "2");
  });
}

TEST_CASE("a canceled scope ends a write even if there is room in the buffer") {
  auto [near, far] = duplex();
  complete([&, &to = far]() -> task<> {
    buffered_writer out(to);
    cancel_scope scope;
    scope.cancel();
    auto const written = co_await scope.run(out.write("x"));
    CHECK_FALSE(written.has_value());
    CHECK(out.buffered() == 0);
  });
}

TEST_CASE("a second task that writes to a writer while the first one waits is diagnosed") {
  auto [near, far] = duplex({.capacity = 1});
  complete([&, &to = far]() -> task<> {
    buffered_writer out(to, 4);
    co_await out.write("1234");
    cancel_scope first;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await first.run(out.flush()); });
      co_await yield();
      auto const e = co_await failure_of<std::logic_error>(out.write("x"));
      CHECK(std::string(e.what()) ==
            "strait: two writes at once on a buffered_writer: one task at a time may write it");
      co_await failure_of<std::logic_error>(out.print("{}", 1));
      co_await failure_of<std::logic_error>(out.flush());
      first.cancel();
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("fault 19: a lingering close delivers the last reply even if the peer has sent unread data") {
  complete([]() -> task<> {
    auto listener = tcp::listen("127.0.0.1:0");
    auto peer = raw_connect(listener.local_endpoint());
    auto stream = co_await listener.accept();
    peer.send(std::string(100'000, 'x'));
    co_await stream.write("too long\n");
    auto listening = [&]() -> task<std::string> {
      auto hear_all = [&] {
        peer.send(std::string(100'000, 'x'));
        auto all = peer.receive_to_the_end();
        peer.close();
        return all;
      };
      co_return co_await on_thread_pool(hear_all);
    };
    auto const [heard, _] = co_await when_all(listening(), lingering_close(stream));
    CHECK(heard == "too long\n");
    CHECK_FALSE(stream.is_open());
  });
}

TEST_CASE("a lingering close ends after its timeout") {
  auto [near, far] = duplex();
  complete([&, &stream = far]() -> task<> {
    co_await lingering_close(stream, 1ms);
    CHECK_FALSE(stream.is_open());
  });
}
