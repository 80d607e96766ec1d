// Programs in which a single allocation fails, whichever it is and on whichever thread. They must end with an exception
// or with the result that they have with enough memory, and leak nothing.
#include "failing_memory.hpp"

#if STRAIT_TESTS_FAIL_MEMORY

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "catch.hpp"
#include "datagram_servers.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

void must(bool holds, char const* what) {
  if (!holds) throw std::logic_error(what);
}

/// Calls `use`, or runs the task that it makes, with one failing allocation. Returns a description of what went wrong,
/// or an empty string.
template <class Use>
std::string run_use(Use use, long others) {
  std::string wrong;
  std::thread([&] {
    allocation_of_any_thread_to_fail(others);
    try {
      if constexpr (detail::makes_task<Use>) {
        event_loop loop;
        loop.run(use);
      } else {
        use();
      }
    } catch (std::logic_error const& e) {
      allocation_of_any_thread_to_fail(-2);
      wrong = e.what();
    } catch (std::exception const&) {  // std::bad_alloc, or the error of a call that could not allocate
    }
  }).join();
  return wrong;
}

template <class Use>
void check_uses(Use use) {
  REQUIRE(run_use(use, -1).empty());
  REQUIRE(run_use(use, -1).empty());  // the second call finds everything that is allocated only once per process
  auto const descriptors = open_descriptors();
  bool has_failed = true;
  for (long others = 0; has_failed; ++others) {
    INFO("after " << others << " allocations");
    REQUIRE(others < 3000);
    auto const wrong = run_use(use, others);
    has_failed = !allocation_of_any_thread_is_to_fail();
    allocation_of_any_thread_to_fail(-1);
    CHECK(wrong == "");
    CHECK(open_descriptors() == descriptors);
  }
  CHECK(run_use(use, -1) == "");
}

task<int> later(int value) {
  co_await yield();
  co_return value;
}

/// Answers after a while, so that another worker has to receive in the meantime.
task<> slow_echo(udp::request& question) {
  co_await sleep_for(100us);
  co_await question.reply(question.bytes());
}

}  // namespace

TEST_CASE("a failed allocation is reported as an exception by deadlines, concurrent tasks and races", "[threads]") {
  check_uses([]() -> task<> {
    auto const [one, two] = co_await timeout(1h, when_all(later(1), later(2)));
    must(one == 1 && two == 2, "when_all");
    auto const [won, lost] = co_await when_any(later(3), sleep_for(1h));
    must(won == 3 && !lost, "when_any");
    int ended = 0;
    auto const body = [&](task_group& group) -> task<> {
      for (int i = 0; i != 20; ++i)
        group.spawn([&]() -> task<> {
          co_await yield();
          ++ended;
        });
      co_return;
    };
    co_await with_task_group(body);
    must(ended == 20, "the group has not waited");
    try {
      co_await timeout(0s, sleep_for(1h));
      must(false, "no time-out");
    } catch (timed_out const&) {}
  });
}

TEST_CASE("a failed allocation is reported as an exception by concurrent tasks that fail", "[threads]") {
  check_uses([]() -> task<> {
    auto const body = [&](task_group& group) -> task<> {
      for (int i = 0; i != 5; ++i)
        group.spawn([]() -> task<> {
          try {
            co_await sleep_for(1h);
          } catch (canceled const&) {}
          throw std::runtime_error("as it should");
        });
      group.cancel();
      co_return;
    };
    try {
      co_await with_task_group(body);
      must(false, "no failure");
    } catch (std::logic_error const&) {
      throw;
    } catch (std::exception const&) {}
  });
}

TEST_CASE("a failed allocation is reported as an exception by calls on the thread pool", "[threads]") {
  check_uses([]() -> task<> {
    auto const value = co_await on_thread_pool([] { return std::string(100, 'x'); });
    must(value == std::string(100, 'x'), "on_thread_pool");
    bool was_called = false;
    auto const fails = [&] {
      was_called = true;
      throw std::runtime_error("as it should");
    };
    try {
      co_await on_thread_pool(fails);
      must(false, "no failure");
    } catch (std::runtime_error const&) {}
    must(was_called, "not called");
  });
}

TEST_CASE("a failed allocation is reported as an exception by name lookups", "[threads]") {
  check_uses([]() -> task<> {
    auto const found = co_await resolve("localhost:80");
    must(!found.empty() && found.front().port() == 80, "resolve");
  });
}

TEST_CASE("a failed allocation is reported as an exception by streams, readers and writers", "[threads]") {
  check_uses([]() -> task<> {
    auto listener = tcp::listen("127.0.0.1:0");
    auto const where = listener.local_endpoint();
    auto const serve_one = [&]() -> task<> {
      auto peer = co_await listener.accept();
      peer.idle_timeout(1h);
      buffered_reader<tcp::stream> in(peer);
      while (auto const line = co_await in.read_line()) co_await peer.write(fmt::format("{}\n", *line));
    };
    auto const ask_one = [&]() -> task<> {
      auto server = co_await tcp::connect(where);
      server.write_timeout(1h);
      buffered_writer<tcp::stream> out(server);
      std::string const much(10'000, 'x');
      co_await out.print("{}\n", much);
      co_await out.flush();
      std::string answer(much.size() + 1, '\0');
      co_await server.read_exactly(answer);
      must(answer == much + '\n', "not what was sent");
      server.shutdown_write();
    };
    co_await when_all(serve_one(), ask_one());
  });
}

TEST_CASE("a failed allocation is reported as an exception by a channel between threads", "[threads]") {
  check_uses([]() -> task<> {
    cross_loop_channel<int> numbers(2);
    std::thread sender([&] {
      try {
        event_loop loop;
        loop.run([&]() -> task<> {
          for (int i = 0; i != 10; ++i) co_await numbers.send(i);
        });
      } catch (std::exception const&) {}
      numbers.close();
    });
    try {
      for (int expected = 0;; ++expected) {
        auto const number = co_await numbers.receive();
        if (!number) break;
        must(*number == expected, "out of order");
      }
    } catch (...) {
      numbers.close();
      sender.join();
      throw;
    }
    sender.join();
  });
}

TEST_CASE("a failed allocation is reported as an exception by loops on several threads", "[threads]") {
  check_uses([] {
    cross_loop_channel<int> all_are_there(1);
    std::atomic<int> there = 0;
    std::atomic<int> ended = 0;
    run_on_threads(3, [&]() -> task<> {
      if (++there == 3) all_are_there.close();
      co_await all_are_there.receive();
      ++ended;
    });
    must(ended == 3, "a loop has not run");
  });
}

TEST_CASE("a failed allocation costs a datagram server at most one datagram", "[threads]") {
  std::size_t swept = 0;
  for (bool has_failed = true; has_failed; ++swept) {
    INFO("after " << swept << " allocations");
    REQUIRE(swept < 1000);
    auto server_socket = bound_socket();
    auto const where = server_socket.local_endpoint();
    udp::serve_options options{.max_handlers = 3, .handler_timeout = 1h, .drain = 20s};
    options.on_error = [](udp::request const&, std::exception_ptr) {};
    udp::server one(options);
    std::atomic<bool> has_begun = false;
    bool could_begin = true;
    std::thread serving([&] {
      event_loop loop;
      loop.post([&] {
        allocation_to_fail(static_cast<long>(swept));
        has_begun = true;
      });
      try {
        loop.run(one.serve(std::move(server_socket), slow_echo));
      } catch (std::bad_alloc const&) {
        could_begin = false;
      }
      has_failed = !allocation_is_to_fail();
      allocation_to_fail(-1);
    });
    while (!has_begun) std::this_thread::yield();
    int unanswered = 0;
    auto const client = raw_datagram_socket();
    for (int i = 0; i != 5; ++i) {
      std::string const question(1, static_cast<char>('a' + i));
      try {
        raw_send(client, question, where);
        if (!client.is_readable(500ms) || client.receive(10) != question) ++unanswered;
      } catch (std::system_error const&) {  // the server could not start
        unanswered = 5;
        break;
      }
    }
    one.stop();
    serving.join();
    if (could_begin) CHECK(unanswered <= 1);
    CHECK(one.statistics().active == 0);
  }
  CHECK(swept > 3);
}

#endif
