// Transfers between sockets that do not pass through user space.
#include <csignal>
#include <string>

#include <sys/resource.h>

#include <strait/net/detail/splice.hpp>

#include "catch.hpp"
#include "sanitized.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;
using detail::splice_access;
using detail::spliced_bytes;

namespace {

task<std::string> text_from(tcp::stream& from, std::size_t most = 64) {
  std::string text(most, '\0');
  text.resize(co_await from.read(text));
  co_return text;
}

}  // namespace

#if defined(__linux__)

TEST_CASE("bytes are spliced from socket to socket") {
  auto first = stream_pair();
  auto second = stream_pair();
  complete([&]() -> task<> {
    spliced_bytes bytes;
    co_await first.first.write("hello");
    auto const taken = co_await splice_access::read(first.second, bytes);
    CHECK(taken == 5);
    CHECK(bytes.size() == 5);
    auto const written = co_await splice_access::write(second.first, bytes);
    CHECK(written == 5);
    CHECK(bytes.size() == 0);
    auto const text = co_await text_from(second.second);
    CHECK(text == "hello");
  });
}

TEST_CASE("a splice waits for bytes whether the socket was empty before or has just been emptied") {
  auto first = stream_pair();
  auto second = stream_pair();
  complete([&]() -> task<> {
    spliced_bytes bytes;
    auto take = [&]() -> task<> {
      for (int i = 0; i != 3; ++i) {
        co_await splice_access::read(first.second, bytes);
        co_await splice_access::write(second.first, bytes);
      }
    };
    auto write = [&]() -> task<> {
      for (int i = 0; i != 3; ++i) {
        co_await yield();
        co_await first.first.write("hello");
        auto const text = co_await text_from(second.second);
        CHECK(text == "hello");
      }
    };
    co_await when_all(take(), write());
  });
}

TEST_CASE("the end of a stream is a splice of 0 bytes and is not refused") {
  auto pair = stream_pair();
  pair.first.shutdown_write();
  complete([&]() -> task<> {
    spliced_bytes bytes;
    auto const taken = co_await splice_access::read(pair.second, bytes);
    CHECK(taken == 0);
    CHECK_FALSE(bytes.is_refused());
  });
}

TEST_CASE("a splice of bytes after urgent data is refused and the bytes can be read") {
  auto pair = stream_and_peer();
  bool const has_ended = GENERATE(false, true);
  pair.second.send("hello");
  REQUIRE(::send(pair.second.get(), "!", 1, MSG_OOB) == 1);
  pair.second.send("world");
  if (has_ended) pair.second.shutdown_write();
  complete([&]() -> task<> {
    spliced_bytes bytes;
    auto const before = co_await splice_access::read(pair.first, bytes);
    CHECK(before == 5);
    spliced_bytes more;
    auto const behind = co_await splice_access::read(pair.first, more);
    CHECK(behind == 0);
    CHECK(more.is_refused());
    auto const text = co_await text_from(pair.first);
    CHECK(text == "world");
  });
}

#if !defined(STRAIT_TESTS_SANITIZED)  // g++'s undefined-behaviour sanitizer opens pipes of its own

TEST_CASE("without descriptors for a pipe, a splice is refused and nothing is lost") {
  auto pair = stream_pair();
  complete([&]() -> task<> {
    spliced_bytes bytes;
    co_await pair.first.write("hello");
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit const none{0, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    auto const taken = co_await splice_access::read(pair.second, bytes);
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(taken == 0);
    CHECK(bytes.is_refused());
    auto const text = co_await text_from(pair.second);
    CHECK(text == "hello");
  });
}

#endif

TEST_CASE("a splice that is canceled has transferred nothing") {
  auto pair = stream_pair();
  complete([&]() -> task<> {
    spliced_bytes bytes;
    auto outcome = co_await when_any(splice_access::read(pair.second, bytes), yield());
    CHECK_FALSE(std::get<0>(outcome).has_value());
    CHECK(bytes.size() == 0);
    co_await pair.first.write("hello");
    auto const text = co_await text_from(pair.second);
    CHECK(text == "hello");
  });
}

TEST_CASE("a splice to a peer that has closed fails and leaves no signal pending") {
  bool const is_blocked = GENERATE(false, true);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGPIPE);
  sigset_t before;
  ::pthread_sigmask(is_blocked ? SIG_BLOCK : SIG_UNBLOCK, &only, &before);
  auto first = stream_pair();
  auto second = local::stream_pair();
  second.second.close();
  complete([&]() -> task<> {
    spliced_bytes bytes;
    co_await first.first.write("hello");
    co_await splice_access::read(first.second, bytes);
    auto const outcome = co_await as_result(splice_access::write(second.first, bytes));
    CHECK(outcome.error() == std::errc::broken_pipe);
  });
  sigset_t pending;
  ::sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE) == 0);
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, &before, &after);
  CHECK((sigismember(&after, SIGPIPE) == 1) == is_blocked);
}

#endif
