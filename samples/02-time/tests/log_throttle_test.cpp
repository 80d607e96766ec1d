#include "log_throttle.hpp"

#include "catch.hpp"

using namespace std::chrono_literals;

TEST_CASE("log_throttle: the first event is logged, and the next one after the pause, with the number in between") {
  log_throttle throttle(10s);
  log_throttle::clock::time_point const start{};
  CHECK(throttle.note(start) == 0);
  CHECK(throttle.note(start) == std::nullopt);
  CHECK(throttle.note(start + 9s) == std::nullopt);
  CHECK(throttle.note(start + 10s) == 2);
  CHECK(throttle.note(start + 15s) == std::nullopt);
  CHECK(throttle.note(start + 20s) == 1);
}

TEST_CASE("log_throttle: what is rare is always logged") {
  log_throttle throttle(10s);
  log_throttle::clock::time_point const start{};
  for (int i = 0; i < 5; ++i) CHECK(throttle.note(start + i * 10s) == 0);
}
