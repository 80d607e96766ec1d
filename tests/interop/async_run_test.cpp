// async_run: tasks that are started from Asio code, and how it is notified of their end.
#include <future>
#include <optional>
#include <string>

#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/interop/async_run.hpp>
#include <strait/interop/use_task.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "interop/operations.hpp"

using namespace strait;
using namespace strait::test;
using namespace std::chrono_literals;

namespace {

task<int> number() {
  co_await yield();
  co_return 7;
}
task<> nothing() { co_await yield(); }
task<int> fails() {
  co_await yield();
  throw std::length_error("too long");
}
task<> waits(trace& events) { co_await note_cancel(events, "task"); }

/// A handler with a cancellation slot, for versions of Asio without bind_cancellation_slot.
struct note_end {
  using cancellation_slot_type = asio::cancellation_slot;
  std::optional<std::exception_ptr>* ended;
  asio::cancellation_slot slot;
  [[nodiscard]] asio::cancellation_slot get_cancellation_slot() const noexcept { return slot; }
  void operator()(std::exception_ptr failure) const { *ended = failure; }
};

std::error_code code_of(std::exception_ptr const& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (std::system_error const& e) {
    return e.code();
  } catch (...) {
    return {};
  }
}

/// Records the destruction of the frame that it is in.
struct destruction_flag {
  bool* destroyed;
  explicit destruction_flag(bool& to) : destroyed(&to) {}
  destruction_flag(destruction_flag const&) = delete;
  destruction_flag& operator=(destruction_flag const&) = delete;
  ~destruction_flag() { *destroyed = true; }
};

}  // namespace

TEST_CASE("a handler receives the value of a task") {
  event_loop loop;
  std::optional<int> result;
  async_run(loop, number(), [&](std::exception_ptr failure, int value) {
    CHECK_FALSE(failure);
    result = value;
  });
  CHECK_FALSE(result);
  loop.run(turns(20));
  CHECK(result == 7);
}

TEST_CASE("a handler receives the exception of a task") {
  event_loop loop;
  std::exception_ptr ended;
  async_run(loop, fails(), [&](std::exception_ptr failure, int) { ended = failure; });
  loop.run(turns(20));
  REQUIRE(ended);
  CHECK_THROWS_AS(std::rethrow_exception(ended), std::length_error);
}

TEST_CASE("a handler is called when a task without a value ends") {
  event_loop loop;
  bool ended = false;
  async_run(loop, nothing(), [&](std::exception_ptr failure) { ended = !failure; });
  loop.run(turns(20));
  CHECK(ended);
}

TEST_CASE("async_run accepts any completion token", "[threads]") {
  event_loop loop;
  auto future = async_run(loop, number(), asio::use_future);
  async_run(loop, nothing(), asio::detached);
  loop.run(turns(20));
  CHECK(future.get() == 7);
  auto await = [&]() -> task<int> { co_return co_await async_run(loop, number(), use_task); };
  CHECK(loop.run(await()) == 7);
}

TEST_CASE("Asio's callbacks can start tasks") {
  event_loop loop;
  asio::steady_timer timer(asio_executor(loop), 1ms);
  auto wait = [&]() -> task<int> {
    pending<std::exception_ptr, int> ended;
    timer.async_wait([&](std::error_code) {
      async_run(loop, number(), [&](std::exception_ptr failure, int value) { ended.complete(failure, value); });
    });
    co_return co_await ended.async_wait(use_task);
  };
  CHECK(loop.run(wait()) == 7);
}

TEST_CASE("a handler's cancellation slot cancels the task, and the handler receives operation_aborted") {
  event_loop loop;
  asio::cancellation_signal signal;
  std::optional<std::exception_ptr> ended;
  trace events;
  async_run(loop, waits(events), note_end{&ended, signal.slot()});
  loop.run(turns(20));
  CHECK(events.empty());
  signal.emit(asio::cancellation_type::terminal);
  loop.run(turns(20));
  CHECK(events == trace{"task canceled"});
  REQUIRE(ended);
  CHECK(code_of(*ended) == asio::error::operation_aborted);
  signal.emit(asio::cancellation_type::terminal);  // the task no longer exists
}

TEST_CASE("a task that is canceled before it starts does not wait") {
  event_loop loop;
  asio::cancellation_signal signal;
  std::optional<std::exception_ptr> ended;
  trace events;
  async_run(loop, waits(events), note_end{&ended, signal.slot()});
  signal.emit(asio::cancellation_type::terminal);
  loop.run(turns(20));
  CHECK(events == trace{"task canceled"});
  CHECK(ended);
}

TEST_CASE("a task that completes although it was canceled returns its value") {
  event_loop loop;
  asio::cancellation_signal signal;
  std::optional<std::exception_ptr> ended;
  auto deaf = []() -> task<> { co_await shield(turns(5)); };
  async_run(loop, deaf(), note_end{&ended, signal.slot()});
  loop.run(turns(2));
  signal.emit(asio::cancellation_type::terminal);
  loop.run(turns(20));
  REQUIRE(ended);
  CHECK_FALSE(*ended);
}

TEST_CASE("canceling a use_task operation cancels the task that async_run has started") {
  trace events;
  bool const was_done = complete([&]() -> task<bool> {
    event_loop& loop = co_await current_loop();
    auto body = [&](task_group& group) -> task<bool> {
      cancel_scope scope;
      group.spawn([&]() -> task<> {
        co_await turns(20);
        scope.cancel();
      });
      co_return co_await scope.run(async_run(loop, waits(events), use_task));
    };
    co_return co_await with_task_group(body);
  });
  CHECK_FALSE(was_done);
  CHECK(events == trace{"task canceled"});
}

TEST_CASE("a loop that is destroyed destroys its tasks") {
  bool destroyed = false;
  bool called = false;
  {
    event_loop loop;
    auto wait = [](bool& flag) -> task<> {
      destruction_flag const frame(flag);
      asio::steady_timer timer(co_await asio_executor(), 1h);
      co_await timer.async_wait(use_task);
    };
    async_run(loop, wait(destroyed), [&](std::exception_ptr) { called = true; });
    loop.run(turns(20));
    CHECK_FALSE(destroyed);
  }
  CHECK(destroyed);
  CHECK_FALSE(called);
}

TEST_CASE("a loop that is destroyed before a task has started destroys the task") {
  bool called = false;
  {
    event_loop loop;
    async_run(loop, nothing(), [&](std::exception_ptr) { called = true; });
  }
  CHECK_FALSE(called);
}

TEST_CASE("a cancellation slot may be used after the loop has ended") {
  asio::cancellation_signal signal;
  std::optional<std::exception_ptr> ended;
  trace events;
  {
    event_loop loop;
    async_run(loop, waits(events), note_end{&ended, signal.slot()});
    loop.run(turns(5));
  }
  signal.emit(asio::cancellation_type::terminal);
  CHECK_FALSE(ended);
}

TEST_CASE("a group waits for a task that async_run has started in it") {
  trace events;
  complete([&]() -> task<> {
    auto work = [&]() -> task<> {
      co_await turns(5);
      events.push_back("done");
    };
    auto body = [&](task_group& group) -> task<> {
      async_run(group, work(), asio::detached);
      co_return;
    };
    co_await with_task_group(body);
    events.push_back("left");
  });
  CHECK(events == trace{"done", "left"});
}

TEST_CASE("canceling a group cancels the task and calls its handler") {
  trace events;
  std::optional<std::exception_ptr> ended;
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      async_run(group, waits(events), [&](std::exception_ptr failure) { ended = failure; });
      co_await turns(5);
      group.cancel();
    };
    co_await with_task_group(body);
    co_await turns(5);
  });
  CHECK(events == trace{"task canceled"});
  REQUIRE(ended);
  CHECK(code_of(*ended) == asio::error::operation_aborted);
}

TEST_CASE("the failure of a task is passed to its handler and does not cancel the group") {
  std::exception_ptr ended;
  bool const was_canceled = complete([&]() -> task<bool> {
    auto body = [&](task_group& group) -> task<bool> {
      async_run(group, fails(), [&](std::exception_ptr failure, int) { ended = failure; });
      co_await turns(20);
      co_return group.is_canceled();
    };
    co_return co_await with_task_group(body);
  });
  CHECK(ended);
  CHECK_FALSE(was_canceled);
}

TEST_CASE("a task can be started from another thread and its handler is called there", "[threads]") {
  event_loop loop;
  asio::thread_pool pool(1);
  std::promise<int> result;
  auto handler = [&](std::exception_ptr, int value) {
    CHECK(pool.get_executor().running_in_this_thread());
    result.set_value(value);
    loop.cancel();
  };
  asio::post(pool, [&] { async_run(loop, number(), asio::bind_executor(pool.get_executor(), handler)); });
  auto wait = []() -> task<> { co_await forever(); };
  CHECK_THROWS_AS(loop.run(wait()), canceled);
  CHECK(result.get_future().get() == 7);
  pool.join();
}

TEST_CASE("a task that has already been consumed is refused") {
  event_loop loop;
  auto used = nothing();
  loop.run(std::move(used));
  CHECK_THROWS_AS(async_run(loop, std::move(used), asio::detached), std::logic_error);
}
