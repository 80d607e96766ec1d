// use_task: how an operation is canceled, times out, and is dropped.
#include <array>
#include <string>
#include <string_view>
#include <system_error>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <strait/core/cancel_scope.hpp>
#include <strait/core/event_loop.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/timeout.hpp>
#include <strait/interop/use_task.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "interop/operations.hpp"
#include "interop/socket_pair.hpp"

using namespace strait;
using namespace strait::test;
using namespace std::chrono_literals;

namespace {

std::error_code const none;
std::error_code const refused = make_error_code(std::errc::connection_refused);
std::error_code const aborted = asio::error::operation_aborted;

}  // namespace

TEST_CASE("a canceled timer ends with canceled") {
  complete([]() -> task<> {
    bool const was_done = co_await run_and_cancel([]() -> task<> {
      asio::steady_timer timer(co_await asio_executor(), 1h);
      co_await timer.async_wait(use_task);
    });
    CHECK_FALSE(was_done);
  });
}

TEST_CASE("a canceled composed read ends with canceled and reports the number of bytes read") {
  complete([]() -> task<> {
    socket_pair sockets(co_await asio_executor());
    co_await asio::async_write(sockets.second, asio::buffer("abc", 3), use_task);
    std::array<char, 8> bytes{};
    std::size_t moved = 0;
    cancel_scope scope;
    auto read = [&]() -> task<> {
      try {
        co_await asio::async_read(sockets.first, asio::buffer(bytes), use_task);
      } catch (canceled const& e) {
        moved = e.transferred();
        throw;
      }
    };
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await turns(20);
        scope.cancel();
      });
      bool const was_done = co_await scope.run(read());
      CHECK_FALSE(was_done);
    };
    co_await with_task_group(body);
    CHECK(moved == 3);
    CHECK(std::string_view(bytes.data(), 3) == "abc");
  });
}

TEST_CASE("a canceled read_until leaves the received bytes in its buffer") {
  complete([]() -> task<> {
    socket_pair sockets(co_await asio_executor());
    std::string text;
    co_await asio::async_write(sockets.second, asio::buffer("no end", 6), use_task);
    auto const late = co_await error_of(
        timeout(20ms, asio::async_read_until(sockets.first, asio::dynamic_buffer(text), '\n', use_task)));
    CHECK(late.code() == errc::timed_out);
    co_await asio::async_write(sockets.second, asio::buffer("\n", 1), use_task);
    auto const size = co_await asio::async_read_until(sockets.first, asio::dynamic_buffer(text), '\n', use_task);
    CHECK(text.substr(0, size) == "no end\n");
  });
}

TEST_CASE("a timeout ends an operation with timed_out that reports the bytes transferred") {
  complete([]() -> task<> {
    socket_pair sockets(co_await asio_executor());
    co_await asio::async_write(sockets.second, asio::buffer("abc", 3), use_task);
    std::array<char, 8> bytes{};
    auto const late = co_await error_of(timeout(20ms, asio::async_read(sockets.first, asio::buffer(bytes), use_task)));
    CHECK(late.code() == errc::timed_out);
    CHECK(late.transferred() == 3);
  });
}

TEST_CASE("in a canceled scope, an operation does not start") {
  complete([]() -> task<> {
    pending<> operation;
    cancel_scope scope;
    scope.cancel();
    bool const was_done = co_await scope.run(operation.async_wait(use_task));
    CHECK_FALSE(was_done);
    CHECK(operation.begun == 0);
  });
}

TEST_CASE("canceling an operation requests cancellation of every type and waits for its end") {
  complete([]() -> task<> {
    pending<std::error_code> operation;
    bool has_ended = false;
    cancel_scope scope;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        scope.cancel();
        co_await turns(5);
        CHECK_FALSE(has_ended);
        operation.complete(aborted);
      });
      bool const was_done = co_await scope.run(operation.async_wait(use_task));
      CHECK_FALSE(was_done);
      has_ended = true;
    };
    co_await with_task_group(body);
    CHECK(operation.asked == asio::cancellation_type::all);
  });
}

TEST_CASE("an operation that completes when it is canceled returns its result") {
  complete([]() -> task<> {
    pending<std::error_code, int> operation;
    operation.on_cancel = [&] { operation.complete(none, 6); };
    cancel_scope scope;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        scope.cancel();
        co_return;
      });
      auto const result = co_await scope.run(operation.async_wait(use_task));
      CHECK(result == 6);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a result that arrives in the same turn as the cancel is delivered") {
  complete([]() -> task<> {
    pending<std::error_code, int> operation;
    cancel_scope scope;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        operation.complete(none, 6);
        scope.cancel();
        co_return;
      });
      auto const result = co_await scope.run(operation.async_wait(use_task));
      CHECK(result == 6);
    };
    co_await with_task_group(body);
    CHECK(operation.asked == asio::cancellation_type::none);
  });
}

TEST_CASE("an error other than operation_aborted is thrown even if the operation was canceled") {
  complete([]() -> task<> {
    pending<std::error_code> operation;
    operation.on_cancel = [&] { operation.complete(refused); };
    bool failed = false;
    cancel_scope scope;
    auto wait = [&]() -> task<> {
      auto const e = co_await error_of(operation.async_wait(use_task));
      failed = e.code() == refused;
    };
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        scope.cancel();
        co_return;
      });
      co_await scope.run(wait());
    };
    co_await with_task_group(body);
    CHECK(failed);
  });
}

TEST_CASE("operation_aborted without a cancellation by strait is thrown as an error") {
  complete([]() -> task<> {
    asio::steady_timer timer(co_await asio_executor(), 1h);
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        timer.cancel();
        co_return;
      });
      auto const e = co_await error_of(timer.async_wait(use_task));
      CHECK(e.code() == asio::error::operation_aborted);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("an exception_ptr with operation_aborted after a cancellation becomes canceled") {
  complete([]() -> task<> {
    pending<std::exception_ptr> operation;
    operation.on_cancel = [&] { operation.complete(std::make_exception_ptr(std::system_error(aborted))); };
    bool const was_done = co_await run_and_cancel([&]() -> task<> { co_await operation.async_wait(use_task); });
    CHECK_FALSE(was_done);
  });
}

TEST_CASE("dropping a task cancels its operation") {
  pending<> operation;
  {
    event_loop loop;
    {
      background_task<void> const dropped(loop,
                                          [](pending<>& on) -> task<> { co_await on.async_wait(use_task); }(operation));
      loop.run(turns(3));
      CHECK(operation.begun == 1);
    }
    CHECK(operation.asked == asio::cancellation_type::all);
    operation.complete();  // the task no longer exists
    loop.run(turns(3));
  }
}

TEST_CASE("the operation of a dropped task may complete during its cancellation or never") {
  pending<> ending;
  ending.on_cancel = [&] { ending.complete(); };
  pending<> endless;
  {
    event_loop loop;
    auto wait = [](pending<>& on) -> task<> { co_await on.async_wait(use_task); };
    {
      background_task<void> const first(loop, wait(ending));
      background_task<void> const second(loop, wait(endless));
      loop.run(turns(3));
    }
    CHECK_FALSE(ending.is_waiting());
    CHECK(endless.is_waiting());
  }
  endless.forget();
}

TEST_CASE("dropping a task during a composed operation leaves nothing behind") {
  event_loop loop;
  socket_pair sockets(asio_executor(loop));
  auto read = [](asio::local::stream_protocol::socket& from) -> task<> {
    std::array<char, 8> bytes{};
    co_await asio::async_read(from, asio::buffer(bytes), use_task);
  };
  asio::write(sockets.second, asio::buffer("abc", 3));
  {
    background_task<void> const dropped(loop, read(sockets.first));
    loop.run(turns(20));
  }
  asio::write(sockets.second, asio::buffer("def", 3));
  std::array<char, 3> rest{};
  auto again = [&]() -> task<> { co_await asio::async_read(sockets.first, asio::buffer(rest), use_task); };
  loop.run(again());
  CHECK(std::string_view(rest.data(), 3) == "def");
}

TEST_CASE("the operation of a dropped task may outlive the last run of the loop") {
  event_loop loop;
  auto sleep = []() -> task<> {
    asio::steady_timer timer(co_await asio_executor(), 1h);
    co_await timer.async_wait(use_task);
  };
  background_task<void> const dropped(loop, sleep());
  loop.run(turns(3));
}
