#include "pace.hpp"

#include <chrono>

#include "catch.hpp"
#include "strait/core/run.hpp"

using namespace std::chrono_literals;

namespace {

std::chrono::nanoseconds time_of(std::uint32_t rate, int lines) {
  auto const began = std::chrono::steady_clock::now();
  strait::run([&]() -> strait::task<> {
    pace talk(rate);
    for (int i = 0; i != lines; ++i) co_await talk.next();
  });
  return std::chrono::steady_clock::now() - began;
}

}  // namespace

TEST_CASE("pace: after a second's worth of lines, so many come in a second") {
  CHECK(time_of(100, 110) >= 90ms);  // the last ten, but for rounding
}

TEST_CASE("pace: a second's worth of lines comes at once") { CHECK(time_of(1'000'000, 1000) < 1s); }

TEST_CASE("pace: no rate is no limit") { CHECK(time_of(0, 1000) < 1s); }
