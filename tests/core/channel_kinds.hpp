// The two kinds of channel, for tests of what they have in common.
#pragma once

#include <source_location>
#include <utility>

#include <strait/core/as_result.hpp>
#include <strait/core/channel.hpp>
#include <strait/core/cross_loop_channel.hpp>
#include <strait/core/task.hpp>

#include "catch.hpp"

namespace strait::test {

struct one_loop {
  template <class T>
  using channel = strait::channel<T>;
};
struct many_loops {
  template <class T>
  using channel = strait::cross_loop_channel<T>;
};

/// For TEMPLATE_TEST_CASE: `typename TestType::template channel<int>`.
template <class Kind, class T>
using channel_of = typename Kind::template channel<T>;

// g++ 12 evaluates an await inside a CHECK of Catch2 2 twice, hence these functions.

/// Awaits `what`, which must return `wanted`.
template <class A, class Value>
task<> expect(A what, Value wanted, std::source_location where = std::source_location::current()) {
  auto const actual = co_await std::move(what);
  INFO("in line " << where.line());
  CHECK(actual == wanted);
}
template <class A, class Value>
task<> expect_pointer_to(A what, Value wanted, std::source_location where = std::source_location::current()) {
  auto const actual = co_await std::move(what);
  INFO("in line " << where.line());
  REQUIRE(actual.has_value());
  CHECK(**actual == wanted);
}
/// Awaits `what`, which must fail.
template <class A>
task<> expect_error(A what, errc wanted, std::source_location where = std::source_location::current()) {
  auto const outcome = co_await as_result(std::move(what));
  INFO("in line " << where.line());
  CHECK(outcome.error() == wanted);
}

}  // namespace strait::test
