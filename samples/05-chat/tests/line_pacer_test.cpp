#include "line_pacer.hpp"

#include <chrono>

#include "catch.hpp"
#include "strait/core/run.hpp"

using namespace std::chrono_literals;

namespace {

std::chrono::nanoseconds time_of(std::uint32_t rate, int lines) {
  auto const began = std::chrono::steady_clock::now();
  strait::run([&]() -> strait::task<> {
    line_pacer pacer(rate);
    for (int i = 0; i != lines; ++i) co_await pacer.next();
  });
  return std::chrono::steady_clock::now() - began;
}

}  // namespace

TEST_CASE("line_pacer: after one second's worth of lines, the rate is limited") {
  CHECK(time_of(100, 110) >= 90ms);  // the last ten lines, minus rounding
}

TEST_CASE("line_pacer: one second's worth of lines is not delayed") { CHECK(time_of(1'000'000, 1000) < 1s); }

TEST_CASE("line_pacer: a rate of 0 means no limit") { CHECK(time_of(0, 1000) < 1s); }
