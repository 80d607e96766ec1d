// as_result: errors are returned as values; everything else is passed through.
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <strait/core/as_result.hpp>
#include <strait/core/run.hpp>
#include <strait/core/thread_pool.hpp>
#include <strait/core/timeout.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;

namespace {

task<int> return_value(int value) {
  co_await yield();
  co_return value;
}

template <class Exception>
task<int> fail_with(Exception exception) {
  co_await yield();
  throw exception;
}

}  // namespace

TEST_CASE("as_result returns the value of a task") {
  run([]() -> task<> {
    result<int> const outcome = co_await as_result(return_value(42));
    CHECK(outcome.has_value());
    CHECK(*outcome == 42);
  });
}

TEST_CASE("as_result returns a move-only value") {
  run([]() -> task<> {
    auto make = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
    result<std::unique_ptr<int>> outcome = co_await as_result(make());
    CHECK(**outcome == 7);
  });
}

TEST_CASE("as_result of a task without a value reports success") {
  run([]() -> task<> {
    result<void> const done = co_await as_result(turns(1));
    CHECK(done.has_value());
    result<void> const yielded = co_await as_result(yield());
    CHECK(yielded.has_value());
    result<void> const slept = co_await as_result(sleep_for(std::chrono::milliseconds(1)));
    CHECK(slept.has_value());
  });
}

TEST_CASE("as_result returns an error with its code, its message and its exact type") {
  run([]() -> task<> {
    result<int> outcome = co_await as_result(fail_with(unexpected_end("read from 127.0.0.1:5000", 3, 8)));
    CHECK_FALSE(outcome.has_value());
    CHECK(outcome.error() == errc::unexpected_end);
    CHECK(outcome.message() == "read from 127.0.0.1:5000: unexpected end of stream after 3 of 8 bytes");
    CHECK_THROWS_AS(outcome.value(), unexpected_end);
  });
}

TEST_CASE("as_result catches a std::system_error as it catches strait's own errors") {
  run([]() -> task<> {
    auto const code = std::make_error_code(std::errc::no_space_on_device);
    result<int> const outcome = co_await as_result(fail_with(std::system_error(code, "write")));
    CHECK(outcome.error() == std::errc::no_space_on_device);
  });
}

TEST_CASE("as_result of a timeout that expired returns timed_out") {
  run([]() -> task<> {
    result<void> const outcome = co_await as_result(timeout(std::chrono::milliseconds(1), forever()));
    CHECK(outcome.error() == std::errc::timed_out);
  });
}

TEST_CASE("as_result of a blocking call returns its value or its error") {
  run([]() -> task<> {
    result<int> const value = co_await as_result(on_thread_pool([] { return 42; }));
    CHECK(*value == 42);
    result<int> const failure = co_await as_result(on_thread_pool([]() -> int { throw timed_out("a call"); }));
    CHECK(failure.message() == "a call: timed out");
  });
}

TEST_CASE("as_result lets a cancellation pass through") {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    bool reached = false;
    bool const done = co_await scope.run([&]() -> task<> {
      result<void> const outcome = co_await as_result(yield());
      reached = true;
    });
    CHECK_FALSE(done);
    CHECK_FALSE(reached);
  });
}

TEST_CASE("as_result lets exceptions pass through that are not system errors") {
  CHECK_THROWS_AS(
      run([]() -> task<> { result<int> const outcome = co_await as_result(fail_with(std::out_of_range("far out"))); }),
      std::out_of_range);
  CHECK_THROWS_AS(run([]() -> task<> { result<int> const outcome = co_await as_result(fail_with(42)); }), int);
}

TEST_CASE("as_result can be passed to a function that takes an awaitable") {
  run([]() -> task<> {
    result<int> const outcome = co_await timeout(std::chrono::seconds(60), as_result(fail_with(timed_out("inner"))));
    CHECK(outcome.message() == "inner: timed out");
  });
}
