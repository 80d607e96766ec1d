// copy_bidirectional(): a proxy's whole work.
#include "catch.hpp"

#include <string>

#include <strait/io/duplex.hpp>
#include <strait/net/detail/stream_end.hpp>

#include "io/copies.hpp"
#include "io/streams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

constexpr std::uint64_t megabyte = 1024 * 1024;

/// A peer that has reset its connection and reports it only once.
class reset_peer {
 public:
  task<std::size_t> read(mutable_buffer) {
    while (!is_told_) co_await yield();
    co_return std::size_t{0};
  }
  task<std::size_t> write(const_buffer) {
    co_await yield();
    is_told_ = true;
    throw error(std::make_error_code(std::errc::connection_reset), "write to it");
  }
  task<std::size_t> write(const_buffers) { return write(const_buffer()); }
  void shutdown_write() {}

 private:
  bool is_told_ = false;
};

/// Runs the copy concurrently with `peers`.
template <class P, class Peers>
bidirectional_copy_result copy_beside(P& p, Peers peers) {
  return complete(
      [&]() -> task<bidirectional_copy_result> {
        auto [done, ended] = co_await when_all(copy_bidirectional(p.near, p.far), peers());
        static_cast<void>(ended);
        co_return done;
      },
      60s);
}

/// Copies `there` bytes from the client to the server and `back` bytes from the server to the client at once.
template <class P>
void exchange_patterns(P& p, std::uint64_t there, std::uint64_t back, std::size_t at_once_back) {
  auto const done = copy_beside(p, [&]() -> task<> {
    auto [sent, arrived, returned, arrived_back] =
        co_await when_all(send_pattern_and_end(p.client, there), receive_pattern(p.server),
                          send_pattern_and_end(p.server, back, at_once_back), receive_pattern(p.client));
    static_cast<void>(sent);
    static_cast<void>(returned);
    CHECK(arrived == there);
    CHECK(arrived_back == back);
  });
  CHECK(done == bidirectional_copy_result{there, back});
}

constexpr std::uint64_t bulk = static_cast<std::uint64_t>(scaled(64)) * megabyte;

}  // namespace

TEST_CASE("the end of one direction is passed on and the other direction continues") {
  for_each_mixture([](auto& p) {
    auto const done = copy_beside(p, [&]() -> task<> {
      co_await p.client.write("request");
      p.client.shutdown_write();
      auto const request = co_await all_of(p.server);
      CHECK(request == "request");
      co_await p.server.write("an answer");
      co_await turns(10);
      co_await p.server.write(", and more");
      p.server.shutdown_write();
      auto const answer = co_await all_of(p.client);
      CHECK(answer == "an answer, and more");
    });
    CHECK(done == bidirectional_copy_result{7, 19});
  });
}

TEST_CASE("large transfers in both directions at once arrive unchanged") {
  for_each_mixture([](auto& p) { exchange_patterns(p, bulk, bulk, 70'000); });
}

TEST_CASE("streams in memory are copied in both directions") {
  passage p(duplex({.capacity = 1000, .seed = 3}), duplex({.max_chunk = 7}));
  exchange_patterns(p, 20'000, 10'000, 10'000);
}

TEST_CASE("peers without the library can close their directions one after the other") {
  passage p(peer_and_stream(), stream_and_peer());
  complete([&]() -> task<> {
    auto peers = [&] {
      p.client.send("question");
      p.client.shutdown_write();
      auto const question = p.server.receive_to_the_end();
      p.server.send("answer to " + question);
      p.server.close();
      return p.client.receive_to_the_end();
    };
    auto [done, answer] = co_await when_all(copy_bidirectional(p.near, p.far), on_thread_pool(peers));
    CHECK(done == bidirectional_copy_result{8, 18});
    CHECK(answer == "answer to question");
  });
}

TEST_CASE("the answer of a server that closes before it has read the request is delivered before the error is thrown") {
  for_each_mixture([](auto& p) {
    complete([&]() -> task<> {
      bool has_failed = false;
      auto body = [&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> {  // ends with the reset that the copy passes on
          static_cast<void>(co_await as_result(send_pattern(p.client, 0, 1000 * megabyte)));
        });
        group.spawn([&]() -> task<> {
          auto const failure = co_await failure_of<error>(copy_bidirectional(p.near, p.far));
          CHECK((failure.code() == std::errc::broken_pipe || failure.code() == std::errc::connection_reset));
          has_failed = true;
        });
        co_await turns(100);
        co_await send_pattern(p.server, 0, 100'000);
        co_await turns(5);
        p.server.close();
        auto const is_right = co_await receive_pattern_exactly(p.client, 0, 100'000);
        CHECK(is_right);
        while (!has_failed) co_await turns(1);
        group.cancel();
      };
      co_await with_task_group(body);
    });
  });
}

TEST_CASE("a client that reads only after sending everything receives the long answer of a server that reads nothing") {
  passage p(stream_pair(), local::stream_pair());
  ::shutdown(p.server.native_handle(), SHUT_RD);
  complete([&]() -> task<> {
    std::uint64_t received = 0;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto const failure = co_await failure_of<error>(copy_bidirectional(p.near, p.far));
        CHECK(failure.code() == std::errc::broken_pipe);
      });
      group.spawn([&]() -> task<> {
        co_await send_pattern(p.client, 0, 40 * megabyte);
        received = co_await receive_pattern(p.client);
      });
      co_await send_pattern_and_end(p.server, 40 * megabyte);
    };
    co_await with_task_group(body);
    CHECK(received == 40 * megabyte);
  });
}

TEST_CASE("a reset of one side cancels the other direction and the error names the side") {
  passage p(peer_and_stream(), stream_pair());
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto const failure = co_await failure_of<error>(copy_bidirectional(p.near, p.far));
        CHECK(std::string(failure.what()) ==
              "read from " + p.near.remote_endpoint().to_string() + ": connection reset by peer");
        CHECK(failure.transferred() == 5);
        CHECK(p.near.is_open());
        CHECK_FALSE(p.far.is_open());
      });
      p.client.send("hello");
      auto const text = co_await some_of(p.server);
      CHECK(text == "hello");
      p.client.reset();
      auto const rest = co_await failure_of<error>(all_of(p.server));
      CHECK(rest.code() == std::errc::connection_reset);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a reset is passed on after all received bytes have been delivered with and without splice") {
  auto p = tcp_passage();
  auto const size = GENERATE(std::uint64_t{16}, 8 * megabyte);
  bool const by_client = GENERATE(false, true);
  complete([&]() -> task<> {
    auto& source = by_client ? p.client : p.server;
    auto& sink = by_client ? p.server : p.client;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto const failure = co_await failure_of<error>(copy_bidirectional(p.near, p.far));
        CHECK(failure.code() == std::errc::connection_reset);
        CHECK(failure.transferred() == size);
      });
      group.spawn([&]() -> task<> {
        co_await send_pattern(source, 0, size);
        while (detail::undelivered_bytes(source) != 0) co_await sleep_for(1ms);
        source.close_with_reset();
      });
      auto const is_right = co_await receive_pattern_exactly(sink, 0, size);
      CHECK(is_right);
      auto const end = co_await failure_of<error>(some_of(sink));
      CHECK(end.code() == std::errc::connection_reset);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a reset that a write has reported is passed on after the bytes that the peer had sent before") {
  passage p(stream_pair(), stream_and_peer());
  p.server.send("half of an answer");
  p.server.reset();
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await p.client.write("a request");
        auto const lost = co_await as_result(p.far.write("a part of it"));
        CHECK(lost.error() == std::errc::connection_reset);
        auto const failure = co_await failure_of<error>(copy_bidirectional(p.near, p.far));
        CHECK((failure.code() == std::errc::broken_pipe || failure.code() == std::errc::connection_reset));
      });
      auto const half = co_await some_of(p.client);
      CHECK(half == "half of an answer");
      auto const end = co_await failure_of<error>(some_of(p.client));
      CHECK(end.code() == std::errc::connection_reset);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a timeout that ends a proxy resets neither side and leaves both streams open") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    p.near.idle_timeout(30ms);
    auto const failure = co_await failure_of<error>(copy_bidirectional(p.near, p.far));
    CHECK(failure.code() == std::errc::timed_out);
    CHECK(p.near.is_open());
    CHECK(p.far.is_open());
  });
}

TEST_CASE("a reset that one direction has reported is not mistaken for the end of the other") {
  reset_peer peer;
  auto pair = duplex();
  run([&]() -> task<> {
    co_await pair.first.write("hello");
    auto const failure = co_await failure_of<error>(copy_bidirectional(peer, pair.second));
    CHECK(std::string(failure.what()).starts_with("write to it: "));
    auto const end = co_await when_any(some_of(pair.first), turns(5));
    CHECK_FALSE(std::get<0>(end).has_value());
  });
}

TEST_CASE("a proxy that is canceled reports the bytes delivered in both directions together") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    cancel_scope scope;
    std::size_t moved = 0;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto attempt = [&]() -> task<> {
          try {
            co_await copy_bidirectional(p.near, p.far);
          } catch (canceled const& c) {
            moved = c.transferred();
          }
        };
        co_await scope.run(attempt());
      });
      co_await p.client.write("hello");
      co_await p.server.write("hi");
      co_await some_of(p.server);
      co_await some_of(p.client);
      scope.cancel();
    };
    co_await with_task_group(body);
    CHECK(moved == 7);
  });
}
