// use_task: how results and errors of an Asio operation are returned.
#include <array>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>

#include <asio/buffer.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <asio/write.hpp>
#if __has_include(<asio/as_tuple.hpp>)
#include <asio/as_tuple.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
namespace asio {
using experimental::as_tuple;
}
#endif

#include <strait/core/as_result.hpp>
#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/interop/use_task.hpp>

#include "allocation_counter.hpp"
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

}  // namespace

TEST_CASE("an operation without results returns void") {
  bool done = complete([]() -> task<bool> {
    co_await async_complete_with<void()>(co_await asio_executor(), use_task);
    co_await async_complete_with<void(std::error_code)>(co_await asio_executor(), use_task, none);
    co_await asio::post(co_await asio_executor(), use_task);
    co_return true;
  });
  CHECK(done);
}

TEST_CASE("one result is returned as it is and several as a tuple without a leading error") {
  complete([]() -> task<> {
    auto const executor = co_await asio_executor();
    int const plain = co_await async_complete_with<void(int)>(executor, use_task, 7);
    CHECK(plain == 7);
    int const after_code = co_await async_complete_with<void(std::error_code, int)>(executor, use_task, none, 8);
    CHECK(after_code == 8);
    std::exception_ptr const nothing;
    int const after_exception =
        co_await async_complete_with<void(std::exception_ptr, int)>(executor, use_task, nothing, 9);
    CHECK(after_exception == 9);
    auto const pair = co_await async_complete_with<void(int, std::string)>(executor, use_task, 1, std::string("one"));
    CHECK(pair == std::tuple(1, "one"));
    auto const triple = co_await async_complete_with<void(std::error_code, int, char, std::string)>(
        executor, use_task, none, 1, 'a', std::string("one"));
    CHECK(triple == std::tuple(1, 'a', "one"));
  });
}

TEST_CASE("move-only results and results passed by reference are returned") {
  complete([]() -> task<> {
    pending<std::error_code, std::unique_ptr<int>> moved;
    pending<std::error_code const&, std::string const&> referred;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        moved.complete(none, std::make_unique<int>(5));
        co_await yield();
        referred.complete(none, "text");
      });
      auto const number = co_await moved.async_wait(use_task);
      CHECK(*number == 5);
      auto const text = co_await referred.async_wait(use_task);
      CHECK(text == "text");
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("an operation starts when it is awaited") {
  complete([]() -> task<> {
    pending<> operation;
    auto waiting = operation.async_wait(use_task);
    co_await turns(3);
    CHECK(operation.begun == 0);
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        operation.complete();
        co_return;
      });
      co_await std::move(waiting);
    };
    co_await with_task_group(body);
    CHECK(operation.begun == 1);
  });
}

TEST_CASE("an operation may complete during its initiation") {
  int const result = complete([]() -> task<int> {
    co_return co_await asio::async_initiate<use_task_t const, void(int)>([](auto handler) { std::move(handler)(3); },
                                                                         use_task);
  });
  CHECK(result == 3);
}

TEST_CASE("an exception thrown by the initiation is thrown by the await") {
  complete([]() -> task<> {
    bool thrown = false;
    try {
      co_await asio::async_initiate<use_task_t const, void()>([](auto) { throw std::length_error("too long"); },
                                                              use_task);
    } catch (std::length_error const&) {
      thrown = true;
    }
    CHECK(thrown);
  });
}

TEST_CASE("an error is thrown as strait::error with Asio's code and the name of the operation") {
  complete([]() -> task<> {
    socket_pair sockets(co_await asio_executor());
    sockets.second.close();
    std::array<char, 8> bytes{};
    auto const end = co_await error_of(asio::async_read(sockets.first, asio::buffer(bytes), use_task));
    CHECK(end.code() == asio::error::eof);
    CHECK(std::string(end.what()) == "async_read: end of file");
    auto const named =
        co_await error_of(asio::async_read(sockets.first, asio::buffer(bytes), use_task("read the thermometer")));
    CHECK(std::string(named.what()) == "read the thermometer: end of file");
    auto const nameless =
        co_await error_of(async_complete_with<void(std::error_code)>(co_await asio_executor(), use_task, refused));
    CHECK(nameless.code() == std::errc::connection_refused);
    CHECK(std::string(nameless.what()) == "an Asio operation: connection refused");
  });
}

TEST_CASE("an exception_ptr is rethrown") {
  complete([]() -> task<> {
    auto const failure = std::make_exception_ptr(std::length_error("too long"));
    bool thrown = false;
    try {
      co_await async_complete_with<void(std::exception_ptr)>(co_await asio_executor(), use_task, failure);
    } catch (std::length_error const&) {
      thrown = true;
    }
    CHECK(thrown);
  });
}

TEST_CASE("as_result returns the error as a value") {
  complete([]() -> task<> {
    auto const failed = co_await as_result(
        async_complete_with<void(std::error_code, int)>(co_await asio_executor(), use_task, refused, 0));
    CHECK(failed.error() == refused);
    auto const result = co_await as_result(
        async_complete_with<void(std::error_code, int)>(co_await asio_executor(), use_task, none, 4));
    CHECK(result.value() == 4);
  });
}

TEST_CASE("Asio's as_tuple returns the error as a value except for a cancellation") {
  complete([]() -> task<> {
    auto const [error, size] = co_await async_complete_with<void(std::error_code, std::size_t)>(
        co_await asio_executor(), asio::as_tuple(use_task), refused, std::size_t{3});
    CHECK(error == refused);
    CHECK(size == 3);
    bool const was_done = co_await run_and_cancel([]() -> task<> {
      asio::steady_timer timer(co_await asio_executor(), 1h);
      static_cast<void>(co_await timer.async_wait(asio::as_tuple(use_task)));
      FAIL("the operation was not canceled");
    });
    CHECK_FALSE(was_done);
  });
}

TEST_CASE("an object with use_task as its default token needs no token") {
  complete([]() -> task<> {
    use_task_t::as_default_on_t<asio::steady_timer> timer(co_await asio_executor(), 1ms);
    co_await timer.async_wait();
  });
}

TEST_CASE("an error reports the number of bytes transferred before it") {
  complete([]() -> task<> {
    socket_pair sockets(co_await asio_executor());
    co_await asio::async_write(sockets.second, asio::buffer("abc", 3), use_task);
    sockets.second.close();
    std::array<char, 8> bytes{};
    auto const end = co_await error_of(asio::async_read(sockets.first, asio::buffer(bytes), use_task));
    CHECK(end.transferred() == 3);
  });
}

TEST_CASE("an operation whose handler is destroyed fails with broken_promise") {
  complete([]() -> task<> {
    pending<> operation;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        operation.forget();
        co_return;
      });
      auto const e = co_await error_of(operation.async_wait(use_task));
      CHECK(e.code() == std::future_errc::broken_promise);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a handler that is called from a coroutine does not resume another one inside it") {
  complete([]() -> task<> {
    pending<> operation;
    trace events;
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        operation.complete();
        events.push_back("completed");
        co_return;
      });
      co_await operation.async_wait(use_task);
      events.push_back("resumed");
    };
    co_await with_task_group(body);
    CHECK(events == trace{"completed", "resumed"});
  });
}

TEST_CASE("an operation on another thread resumes the task on the loop's thread", "[threads]") {
  complete([]() -> task<> {
    asio::thread_pool pool(1);
    auto const here = std::this_thread::get_id();
    for (int i = 0; i != 100; ++i) {
      co_await shield(asio::post(pool, use_task));
      CHECK(std::this_thread::get_id() == here);
    }
  });
}

#if STRAIT_TESTS_COUNT_ALLOCATIONS
TEST_CASE("in steady state, an operation allocates nothing") {
  long const allocated = complete([]() -> task<long> {
    socket_pair sockets(co_await asio_executor());
    std::array<char, 8> bytes{};
    auto exchange = [&]() -> task<> {
      auto body = [&]() -> task<> { co_await asio::async_read(sockets.first, asio::buffer(bytes), use_task); };
      co_await asio::async_write(sockets.second, asio::buffer("abcdefgh", 8), use_task);
      co_await body();
    };
    co_return co_await allocations_of(exchange);
  });
  CHECK(allocated == 0);
}
#endif
