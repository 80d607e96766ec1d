// copy() between sockets, with splice.
#include "catch.hpp"
#include "sanitized.hpp"

#include <string>

#include "io/copies.hpp"
#include "io/streams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

constexpr std::uint64_t megabyte = 1024 * 1024;

/// Copies enough bytes to make the copy use splice, and waits until they have arrived.
template <class P>
task<> move_bulk(P& p, std::uint64_t begin = 0) {
  auto [sent, is_right] = co_await when_all(send_pattern(p.client, begin, begin + megabyte),
                                            receive_pattern_exactly(p.server, begin, megabyte));
  static_cast<void>(sent);
  CHECK(is_right);
}

}  // namespace

TEST_CASE("a copy between sockets leaves no descriptor open") {
  auto p = tcp_passage();
  auto const before = open_descriptors();
  complete([&]() -> task<> {
    auto move = [&]() -> task<> {
      co_await copy(p.near, p.far);
      CHECK(open_descriptors() - before < 10);  // the loop's own descriptors
      p.far.shutdown_write();
    };
    auto [sent, moved, received] =
        co_await when_all(send_pattern_and_end(p.client, 4 * megabyte), move(), receive_pattern(p.server));
    static_cast<void>(sent);
    static_cast<void>(moved);
    CHECK(received == 4 * megabyte);
  });
  CHECK(open_descriptors() == before);
}

TEST_CASE("a copy that is canceled with bytes in its pipe leaves no descriptor open") {
  auto p = tcp_passage();
  auto const before = open_descriptors();
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn(send_pattern(p.client, 0, 100 * megabyte));
      group.spawn([&]() -> task<> { co_await copy(p.near, p.far); });
      co_await turns(300);
      group.cancel();
    };
    co_await with_task_group(body);
  });
  CHECK(open_descriptors() == before);
}

TEST_CASE("bytes that are in the pipe when a copy is canceled are written if that does not need to wait") {
  for_each_mixture([](auto& p) {
    complete([&]() -> task<> {
      cancel_scope scope;
      std::size_t moved = 0;
      auto body = [&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> {
          auto attempt = [&]() -> task<> { moved = co_await moved_by(copy(p.near, p.far)); };
          co_await scope.run(attempt());
        });
        co_await move_bulk(p);
        co_await send_pattern(p.client, megabyte, megabyte + 20'000);
        scope.cancel();
      };
      co_await with_task_group(body);
      CHECK(moved == megabyte + 20'000);
      auto const is_right = co_await receive_pattern_exactly(p.server, megabyte, 20'000);
      CHECK(is_right);
    });
  });
}

TEST_CASE("copies without bytes in transit share one pipe") {
  constexpr int count = 10;
  complete([&]() -> task<> {
    std::vector<decltype(tcp_passage())> all;
    for (int i = 0; i != count; ++i) all.push_back(tcp_passage());
    auto body = [&](task_group& group) -> task<> {
      auto const before = open_descriptors();
      for (auto& p : all) {
        group.spawn([&]() -> task<> { co_await copy(p.near, p.far); });
        co_await move_bulk(p);
      }
      co_await turns(10);
      CHECK(open_descriptors() <= before + 2);
      group.cancel();
    };
    co_await with_task_group(body);
  });
}

#if !defined(STRAIT_TESTS_SANITIZED)  // g++'s undefined-behaviour sanitizer opens pipes of its own

TEST_CASE("a copy that gets no pipe continues without one and uses one when it becomes available") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await copy(p.near, p.far); });
      co_await turns(3);
      auto const before = open_descriptors();
      {
        no_descriptors_left const full;
        co_await move_bulk(p);
        co_await move_bulk(p, megabyte);
      }
      CHECK(open_descriptors() == before);
      for (int i = 2; i != 6; ++i) co_await move_bulk(p, static_cast<std::uint64_t>(i) * megabyte);
      group.cancel();
    };
    co_await with_task_group(body);
  });
}

#endif

TEST_CASE("a copy skips urgent data as a read does") {
  passage p(peer_and_stream(), stream_pair());
  std::string const bytes(200'000, 'x');
  complete([&]() -> task<> {
    std::string received;
    auto receive = [&]() -> task<> { received = co_await all_of(p.server); };
    auto move = [&]() -> task<> {
      co_await copy(p.near, p.far);
      p.far.shutdown_write();
    };
    auto send = [&]() -> task<> {
      p.client.send(bytes);
      co_await turns(50);
      for (int i = 0; i != 3; ++i) {
        CHECK(::send(p.client.get(), "!", 1, MSG_OOB) == 1);
        p.client.send(bytes);
        co_await turns(50);
      }
      CHECK(::send(p.client.get(), "!", 1, MSG_OOB) == 1);
      p.client.send("end");
      p.client.shutdown_write();
    };
    co_await when_all(receive(), move(), send());
    CHECK(received.size() == 4 * bytes.size() + 3);
    CHECK(received.ends_with("xend"));
  });
}

TEST_CASE("no SIGPIPE reaches the program when the target closes during a large copy") {
  sigpipe_counter const signals;
  for (int round = 0; round != 10; ++round)
    for_each_mixture([&](auto& p) {
      complete([&]() -> task<> {
        auto body = [&](task_group& group) -> task<> {
          group.spawn([&]() -> task<> {
            auto attempt = send_pattern(p.client, 0, 100 * megabyte);
            static_cast<void>(co_await as_result(std::move(attempt)));
          });
          group.spawn([&]() -> task<> {
            auto attempt = copy(p.near, p.far);
            auto const outcome = co_await as_result(std::move(attempt));
            CHECK(!outcome);
            p.near.close();
          });
          co_await turns(20 + round);
          p.server.shutdown_write();
          co_await turns(round);
          p.server.close();
        };
        co_await with_task_group(body);
      });
    });
  CHECK(signals.seen() == 0);
  sigset_t pending;
  ::sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE) == 0);
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  CHECK(sigismember(&blocked, SIGPIPE) == 0);
}

TEST_CASE("a reset of the source is an error that names it and reports the bytes delivered") {
  for (std::size_t const size : {5u, 3'000'000u}) {
    auto from_and_raw = stream_and_peer();
    auto& from = from_and_raw.first;
    auto& raw = from_and_raw.second;
    auto to_and_out = stream_pair();
    auto& to = to_and_out.first;
    auto& out = to_and_out.second;
    complete([&]() -> task<> {
      std::uint64_t received = 0;
      std::uint64_t transferred = 0;
      auto body = [&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> { received = co_await receive_pattern(out); });
        group.spawn([&]() -> task<> {
          try {
            co_await copy(from, to);
            FAIL("nothing was thrown");
          } catch (error const& e) {
            CHECK(std::string(e.what()) ==
                  "read from " + from.remote_endpoint().to_string() + ": connection reset by peer");
            CHECK(e.code() == std::errc::connection_reset);
            transferred = e.transferred();
          }
          to.close();
        });
        std::string bytes(size, '\0');
        fill_pattern(0, bytes.data(), size);
        for (std::size_t sent = 0; sent != size;) {
          auto const n = ::send(raw.get(), bytes.data() + sent, size - sent, MSG_DONTWAIT);
          if (n > 0) sent += static_cast<std::size_t>(n);
          co_await turns(1);
        }
        co_await turns(5);
        raw.reset();
      };
      co_await with_task_group(body);
      CHECK(received == transferred);
      CHECK(received != 0);
    });
  }
}

TEST_CASE("the idle timeout of the source ends a copy and reports the bytes delivered") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    p.near.idle_timeout(20ms);
    co_await p.client.write("hello");
    try {
      co_await copy(p.near, p.far);
      FAIL("nothing was thrown");
    } catch (timed_out const& e) {
      CHECK(std::string(e.what()) == "read from " + p.near.remote_endpoint().to_string() + ": timed out");
      CHECK(e.transferred() == 5);
    }
  });
}

TEST_CASE("the idle timeout of a target that accepts nothing ends a large copy") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    p.far.idle_timeout(20ms);
    std::size_t transferred = 0;
    auto body = [&](task_group& group) -> task<> {
      group.spawn(send_pattern(p.client, 0, 100 * megabyte));
      try {
        co_await copy(p.near, p.far);
        FAIL("nothing was thrown");
      } catch (timed_out const& e) {
        CHECK(std::string(e.what()) == "write to " + p.far.remote_endpoint().to_string() + ": timed out");
        transferred = e.transferred();
      }
      p.far.close();
      group.cancel();
    };
    co_await with_task_group(body);
    auto const received = co_await receive_pattern(p.server);
    CHECK(received == transferred);
  });
}

TEST_CASE("closing a stream during a copy ends the copy") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto const failure = co_await failure_of<error>(copy(p.near, p.far));
        CHECK(failure.code() == errc::closed);
        CHECK(failure.transferred() == megabyte);
      });
      co_await move_bulk(p);
      p.near.close();
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("two concurrent copies from one stream are diagnosed even while they use splice") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await copy(p.near, p.far); });
      co_await move_bulk(p);
      auto attempt = copy(p.near, p.client);
      auto const failure = co_await failure_of<std::logic_error>(std::move(attempt));
      CHECK(std::string(failure.what()).find("two reads at once") != std::string::npos);
      group.cancel();
    };
    co_await with_task_group(body);
  });
}
