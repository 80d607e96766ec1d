#include "server/minimum_rate.hpp"

#include <chrono>

#include "catch.hpp"

using namespace samples::upload;
using namespace std::chrono_literals;

namespace {

constexpr auto begin = minimum_rate::time_point{};

/// Returns a minimum rate of 100 bytes per second with a timeout of 30 s.
minimum_rate make_rate() { return {100, 30s, begin}; }

}  // namespace

TEST_CASE("minimum_rate: a client that sends none of the data that is due is too slow after the timeout") {
  auto of = make_rate();
  of.set_data_due(true, begin + 100s);
  of.set_data_due(true, begin + 129s);
  CHECK_FALSE(of.is_too_slow());
  of.set_data_due(true, begin + 130s);
  CHECK(of.is_too_slow());
}

TEST_CASE("minimum_rate: a client from which no data is due is never too slow") {
  auto of = make_rate();
  of.set_data_due(false, begin + 1000s);
  CHECK_FALSE(of.is_too_slow());
}

TEST_CASE("minimum_rate: the time during which data was due still counts when data is due again") {
  auto of = make_rate();
  for (int i = 0; i != 3; ++i) {
    of.set_data_due(true, begin + i * 100s);
    of.set_data_due(false, begin + i * 100s + 10s);
  }
  CHECK(of.is_too_slow());
}

TEST_CASE("minimum_rate: a client that sends at the minimum rate is never too slow") {
  auto of = make_rate();
  of.set_data_due(true, begin);
  for (int second = 1; second != 1000; ++second) {
    of.set_data_due(true, begin + second * 1s);
    of.delivered(100);
    REQUIRE_FALSE(of.is_too_slow());
  }
}

TEST_CASE("minimum_rate: a client that sends at half the minimum rate is too slow after twice the timeout") {
  auto of = make_rate();
  of.set_data_due(true, begin);
  int second = 0;
  while (!of.is_too_slow() && second != 1000) {
    of.set_data_due(true, begin + ++second * 1s);
    of.delivered(50);
  }
  CHECK(second > 58);
  CHECK(second < 62);
}

TEST_CASE("minimum_rate: data that was sent fast does not extend the timeout") {
  auto of = make_rate();
  of.set_data_due(true, begin);
  of.delivered(1'000'000);
  of.set_data_due(true, begin + 30s);
  CHECK(of.is_too_slow());
}

TEST_CASE("minimum_rate: a complete file adds a second, whatever its size") {
  auto of = make_rate();
  of.set_data_due(true, begin);
  for (int second = 1; second != 1000; ++second) {
    of.set_data_due(true, begin + second * 1s);
    of.completed_file();
    REQUIRE_FALSE(of.is_too_slow());
  }
}

TEST_CASE("minimum_rate: time in which the server does not read does not count") {
  auto of = make_rate();
  of.set_data_due(true, begin);
  of.skip_until(begin + 1000s);
  of.set_data_due(true, begin + 1029s);
  CHECK_FALSE(of.is_too_slow());
}

TEST_CASE("minimum_rate: without a minimum rate no client is too slow") {
  minimum_rate of(0, 30s, begin);
  of.set_data_due(true, begin);
  of.set_data_due(true, begin + 1000s);
  CHECK_FALSE(of.is_too_slow());
}
