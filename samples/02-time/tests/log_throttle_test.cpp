#include "log_throttle.hpp"

#include "catch.hpp"

using namespace std::chrono_literals;

TEST_CASE("log_throttle: one event per interval is logged, with the number of suppressed events") {
  log_throttle throttle(10s);
  log_throttle::clock::time_point const start{};
  CHECK(throttle.record(start) == 0);
  CHECK(throttle.record(start) == std::nullopt);
  CHECK(throttle.record(start + 9s) == std::nullopt);
  CHECK(throttle.record(start + 10s) == 2);
  CHECK(throttle.record(start + 15s) == std::nullopt);
  CHECK(throttle.record(start + 20s) == 1);
}

TEST_CASE("log_throttle: events that are an interval apart are all logged") {
  log_throttle throttle(10s);
  log_throttle::clock::time_point const start{};
  for (int i = 0; i < 5; ++i) CHECK(throttle.record(start + i * 10s) == 0);
}
