// cross_loop_channel between threads: no value is lost or received twice, however the operations end.
#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>
#include <vector>

#include <strait/core/as_result.hpp>
#include <strait/core/cross_loop_channel.hpp>
#include <strait/core/run.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_all.hpp>
#include <strait/core/when_any.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

using channel_of_int = cross_loop_channel<int>;

std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Collects the values received by any thread.
class receipts {
 public:
  void add(int value) {
    std::lock_guard const lock(mutex_);
    values_.push_back(value);
  }
  [[nodiscard]] std::vector<int> in_order_of_value() {
    std::sort(values_.begin(), values_.end());
    return values_;
  }

 private:
  std::mutex mutex_;
  std::vector<int> values_;
};

/// Sends the numbers in [0, count) from a thread without a loop, and closes.
void send_all_and_close(channel_of_int& to, int count) {
  for (int i = 0; i != count; ++i)
    while (!to.try_send(int(i))) std::this_thread::yield();
  to.close();
}

task<> receive_all(channel_of_int& from, receipts& into) {
  while (auto const value = co_await from.receive()) into.add(*value);
}

/// A thread without a loop that sends 0, 1, 2, … until it is stopped, and then closes.
class counting_thread {
 public:
  explicit counting_thread(channel_of_int& to) : to_(to) {}
  void stop() noexcept { stop_ = true; }
  /// The numbers that the thread has sent; waits for its end.
  [[nodiscard]] std::vector<int> sent() {
    thread_.join();
    return numbers(sent_);
  }

 private:
  void send_until_stopped() {
    while (!stop_) {
      if (to_.try_send(int(sent_))) ++sent_;
      else std::this_thread::yield();
    }
    to_.close();
  }
  channel_of_int& to_;
  std::atomic<bool> stop_ = false;
  int sent_ = 0;
  std::jthread thread_{[this] { send_until_stopped(); }};
};

/// Cancels `scope` after a number of turns that differs from round to round.
task<> cancel_after(int turn_count, cancel_scope& scope) {
  co_await turns(turn_count);
  scope.cancel();
}

}  // namespace

TEST_CASE("a channel passes values from one loop to another in order", "[threads]") {
  std::size_t const capacity = GENERATE(0u, 1u, 16u);
  constexpr int count = scaled(10'000);
  channel_of_int c(capacity);
  std::vector<int> received;
  run_on_threads(2, [&](unsigned index) -> task<> {
    if (index == 0) {
      for (int i = 0; i != count; ++i) co_await c.send(int(i));
      c.close();
    } else {
      while (auto const value = co_await c.receive()) received.push_back(*value);
    }
  });
  CHECK(received == numbers(count));
}

TEST_CASE("a thread without a loop sends to a task and closes the channel", "[threads]") {
  std::size_t const capacity = GENERATE(0u, 16u);
  constexpr int count = scaled(2'000);
  channel_of_int c(capacity);
  std::vector<int> received;
  std::jthread const sender([&] { send_all_and_close(c, count); });
  run([&]() -> task<> {
    while (auto const value = co_await c.receive()) received.push_back(*value);
  });
  CHECK(received == numbers(count));
}

TEST_CASE("a thread without a loop receives from a task that waits to send", "[threads]") {
  channel_of_int c(0);
  std::optional<int> received;
  std::jthread receiver([&] {
    while (!received) received = c.try_receive();
  });
  run([&]() -> task<> { co_await c.send(1); });
  receiver.join();
  CHECK(received == 1);
}

TEST_CASE("a task that waits for a channel resumes on its own thread", "[threads]") {
  channel_of_int c(0);
  std::jthread const sender([&] { send_all_and_close(c, 1); });
  run([&]() -> task<> {
    auto const here = std::this_thread::get_id();
    auto const value = co_await c.receive();
    CHECK(value == 0);
    CHECK(std::this_thread::get_id() == here);
  });
}

TEST_CASE("close on one thread ends tasks that wait on other threads", "[threads]") {
  for (int round = 0; round != scaled(500); ++round) {
    channel_of_int c(0);
    channel_of_int full(0);
    std::atomic<int> ended = 0;
    std::jthread const closer([&] {
      c.close();
      full.close();
    });
    run_on_threads(2, [&](unsigned index) -> task<> {
      if (index == 0) {
        auto const value = co_await c.receive();
        if (!value) ++ended;
      } else {
        auto const outcome = co_await as_result(full.send(1));
        if (outcome.error() == errc::closed) ++ended;
      }
    });
    CHECK(ended == 2);
  }
}

TEST_CASE("with many senders and receivers on several loops, each value is received once", "[threads]") {
  std::size_t const capacity = GENERATE(0u, 1u, 16u);
  constexpr int each = scaled(1'000);
  constexpr int senders = 4;
  channel_of_int c(capacity);
  receipts received;
  std::atomic<int> sending = senders;
  run_on_threads(4, [&](unsigned index) -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      if (index % 2 == 0) {
        for (int i = 0; i != 3; ++i) group.spawn(receive_all(c, received));
      } else {
        for (unsigned i = 0; i != senders / 2; ++i)
          group.spawn([&, first = static_cast<int>(index / 2 * 2 + i) * each]() -> task<> {
            for (int value = first; value != first + each; ++value) co_await c.send(int(value));
            if (--sending == 0) c.close();
          });
      }
      co_return;
    });
  });
  CHECK(received.in_order_of_value() == numbers(senders * each));
}

TEST_CASE("a receive that is canceled while another thread sends receives the value or leaves it in the channel",
          "[threads]") {
  std::size_t const capacity = GENERATE(0u, 1u);
  channel_of_int c(capacity);
  counting_thread sender(c);
  std::vector<int> received;
  run([&]() -> task<> {
    for (int round = 0; round != scaled(5'000); ++round) {
      cancel_scope scope;
      auto const outcome = co_await when_all(scope.run(c.receive()), cancel_after(round % 4, scope));
      if (auto const& given = std::get<0>(outcome)) received.push_back(given->value());
    }
    sender.stop();
    while (auto const value = co_await c.receive()) received.push_back(*value);
  });
  CHECK(received == sender.sent());
}

TEST_CASE("a send that is canceled while another thread receives sends the value or keeps it", "[threads]") {
  std::size_t const capacity = GENERATE(0u, 1u);
  cross_loop_channel<std::unique_ptr<int>> c(capacity);
  std::vector<int> received;
  std::jthread receiver([&] {
    for (;;) {
      if (auto const value = c.try_receive()) received.push_back(**value);
      else if (c.is_closed()) break;
      else std::this_thread::yield();
    }
  });
  int sent = 0;
  run([&]() -> task<> {
    auto value = std::make_unique<int>(sent);
    for (int round = 0; round != scaled(5'000); ++round) {
      cancel_scope scope;
      auto const outcome = co_await when_all(scope.run(c.send(std::move(value))), cancel_after(round % 4, scope));
      bool const was_sent = std::get<0>(outcome);
      REQUIRE(was_sent == (value == nullptr));
      if (was_sent) value = std::make_unique<int>(++sent);
    }
    while (c.size() != 0) co_await yield();
    c.close();
  });
  receiver.join();
  CHECK(received == numbers(sent));
}

TEST_CASE("a receive with a deadline that races with a sender on another thread loses no value", "[threads]") {
  channel_of_int c(0);
  counting_thread sender(c);
  std::vector<int> received;
  run([&]() -> task<> {
    for (int round = 0; round != scaled(5'000); ++round) {
      auto const outcome = co_await as_result(timeout(std::chrono::microseconds(1), c.receive()));
      if (outcome) received.push_back(outcome->value());
    }
    sender.stop();
    while (auto const value = co_await c.receive()) received.push_back(*value);
  });
  CHECK(received == sender.sent());
}

TEST_CASE("when_any of channels with senders on other threads delivers all values of both", "[threads]") {
  channel_of_int a(0);
  channel_of_int b(1);
  counting_thread sender_a(a);
  counting_thread sender_b(b);
  std::vector<int> from_a;
  std::vector<int> from_b;
  run([&]() -> task<> {
    for (int round = 0; round != scaled(5'000); ++round) {
      auto const [first, second] = co_await when_any(a.receive(), b.receive());
      if (first) from_a.push_back(first->value());
      if (second) from_b.push_back(second->value());
    }
    sender_a.stop();
    sender_b.stop();
    while (auto const value = co_await a.receive()) from_a.push_back(*value);
    while (auto const value = co_await b.receive()) from_b.push_back(*value);
  });
  CHECK(from_a == sender_a.sent());
  CHECK(from_b == sender_b.sent());
}

TEST_CASE("a task that is destroyed while another thread sends to it does not lose the value", "[threads]") {
  channel_of_int c(0);
  counting_thread sender(c);
  receipts received;
  event_loop loop;
  loop.run([&]() -> task<> {
    auto const receive_and_stay = [&]() -> task<> {
      co_await receive_all(c, received);
      co_await forever();
    };
    for (int round = 0; round != scaled(5'000); ++round) {
      background_task<void> const dropped(loop, receive_and_stay());
      co_await turns(1 + round % 3);
    }
    sender.stop();
    co_await receive_all(c, received);
  });
  CHECK(received.in_order_of_value() == sender.sent());
}

TEST_CASE("a loop may end as soon as its task has been handed a value by another thread", "[threads]") {
  channel_of_int c(0);
  std::atomic<bool> stop = false;
  std::jthread const sender([&] {
    while (!stop)
      if (!c.try_send(1)) std::this_thread::yield();
  });
  for (int round = 0; round != scaled(5'000); ++round)
    CHECK(run([&]() -> task<int> { co_return *co_await c.receive(); }) == 1);
  stop = true;
}

TEST_CASE("a channel may be destroyed while tasks on other loops wait for it", "[threads]") {
  for (int round = 0; round != scaled(500); ++round) {
    std::optional<channel_of_int> c(std::in_place, 0);
    std::atomic<int> waiting = 0;
    std::atomic<int> ended = 0;
    std::jthread const destroyer([&] {
      while (waiting != 2) std::this_thread::yield();
      c.reset();
    });
    run_on_threads(2, [&]() -> task<> {
      co_await with_task_group([&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> {
          auto const value = co_await c->receive();
          if (!value) ++ended;
        });
        co_await turns(2);
        ++waiting;
      });
    });
    CHECK(ended == 2);
  }
}
