// Fault 45: a loop is destroyed while its tasks wait. Their frames must be freed, which the sanitizers check, and their
// descriptors closed.
//
// The public interface leaves no task behind: every call that runs a task waits for its end. So these tests stop a loop
// from inside.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "core/loop.hpp"
#include "net/sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Stops the loop after some turns.
struct stop_after {
  event_loop* loop;
  int turns;
  void operator()() const {
    if (turns == 0) detail::loop_of(*loop).stop();
    else loop->post(stop_after{loop, turns - 1});
  }
};

/// Runs the task that `main` makes for some turns, then destroys it where it waits, and then the loop.
template <class F>
void run_and_drop(F main, int turns = 10) {
  auto const before = open_descriptors();
  {
    event_loop loop;
    task<> dropped = main();
    detail::branch_of<void> first(detail::loop_of(loop), dropped);
    loop.post(stop_after{&loop, turns});
    detail::loop_of(loop).run(first);
  }
  CHECK(open_descriptors() == before);
}

/// Counts the destruction of the frame that it is in.
struct destruction_counter {
  int* count;
  explicit destruction_counter(int& to) : count(&to) {}
  destruction_counter(destruction_counter const&) = delete;
  destruction_counter& operator=(destruction_counter const&) = delete;
  ~destruction_counter() { ++*count; }
};

}  // namespace

TEST_CASE("fault 45: a task that waits in a read can be dropped") {
  int destroyed = 0;
  std::size_t parts_read = 0;
  run_and_drop([&]() -> task<> {
    destruction_counter const frame(destroyed);
    auto [stream, peer] = stream_and_peer();
    stream.idle_timeout(1h);
    peer.send("some");
    char buffer[8];
    parts_read += co_await stream.read(buffer);
    co_await stream.read_exactly(buffer);
  });
  CHECK(destroyed == 1);
  CHECK(parts_read == 4);
}

TEST_CASE("fault 45: dropping a task that reads from a stream it does not own leaves the stream usable") {
  auto [stream, peer] = stream_and_peer();
  char buffer[8];
  run_and_drop([&]() -> task<> { co_await stream.read(buffer); });
  peer.send("later");
  auto const n = complete([&]() -> task<std::size_t> { co_return co_await stream.read(buffer); });
  CHECK(std::string(buffer, n) == "later");
}

TEST_CASE("fault 45: a task that waits in a write can be dropped") {
  int destroyed = 0;
  run_and_drop([&]() -> task<> {
    destruction_counter const frame(destroyed);
    auto [stream, peer] = stream_and_peer();
    std::string const much(32 * 1024 * 1024, 'x');
    co_await stream.write(much);
  });
  CHECK(destroyed == 1);
}

TEST_CASE("fault 45: a task that waits in an accept can be dropped") {
  run_and_drop([]() -> task<> {
    auto listener = tcp::listen("127.0.0.1:0");
    static_cast<void>(co_await listener.accept());
  });
}

TEST_CASE("fault 45: tasks that wait in a connect can be dropped") {
  black_hole const silent;
  run_and_drop([&]() -> task<> { static_cast<void>(co_await tcp::connect(silent.where())); });
  std::vector const addresses(3, silent.where());
  run_and_drop([&]() -> task<> {
    static_cast<void>(co_await tcp::connect(addresses, tcp::connect_options{.attempt_delay = 0ms}));
  });
}

TEST_CASE("fault 45: a task that waits for a name lookup can be dropped") {
  // A numeric address: the lookup continues after the drop, and for a name it might have /etc/hosts open when the
  // descriptors are counted.
  for (int turns = 1; turns != 5; ++turns)
    run_and_drop([]() -> task<> { static_cast<void>(co_await resolve("127.0.0.1:80")); }, turns);
}

TEST_CASE("fault 45: tasks in groups, in scopes and with deadlines can be dropped") {
  int destroyed = 0;
  run_and_drop([&]() -> task<> {
    auto [stream, peer] = stream_and_peer();
    auto wait = [&]() -> task<> {
      destruction_counter const frame(destroyed);
      co_await sleep_for(1h);
    };
    auto read = [&]() -> task<> {
      destruction_counter const frame(destroyed);
      char buffer[8];
      co_await timeout(1h, stream.read(buffer));
    };
    auto body = [&](task_group& group) -> task<> {
      destruction_counter const frame(destroyed);
      cancel_scope scope;
      for (int i = 0; i != 3; ++i) group.spawn(wait());
      group.spawn(read());
      co_await scope.run(timeout(1h, wait()));
    };
    co_await with_task_group(body);
  });
  CHECK(destroyed == 6);
}

TEST_CASE("fault 45: a task that was spawned and has not started can be dropped") {
  int begun = 0;
  for (int turns = 0; turns != 6; ++turns)
    run_and_drop(
        [&]() -> task<> {
          auto body = [&](task_group& group) -> task<> {
            for (;;) {
              group.spawn([&]() -> task<> {
                ++begun;
                co_return;
              });
              co_await yield();
            }
          };
          co_await with_task_group(body);
        },
        turns);
  CHECK(begun > 0);
}

TEST_CASE("fault 45: a reader that has used up its turn's budget can be dropped") {
  for (int turns = 0; turns != 6; ++turns)
    run_and_drop(
        []() -> task<> {
          auto [stream, peer] = stream_and_peer();
          peer.send(std::string(50'000, 'x'));
          char byte[1];
          for (;;) co_await stream.read(byte);
        },
        turns);
}

TEST_CASE("fault 45: a task that waits for the thread pool can be dropped before or after the call") {
  for (int turns = 1; turns != 6; ++turns) {
    bool begun = false;
    bool ended = false;
    run_and_drop(
        [&]() -> task<> {
          co_await on_thread_pool([&] {
            begun = true;
            std::this_thread::sleep_for(5ms);
            ended = true;
          });
        },
        turns);
    CHECK(begun == ended);
  }
}

TEST_CASE("a function posted to a loop that has ended is destroyed without being called") {
  auto const token = std::make_shared<int>(1);
  {
    event_loop loop;
    loop.post([token] { FAIL("the function was called"); });
  }
  CHECK(token.use_count() == 1);
}
