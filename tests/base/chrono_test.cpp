// The literals of durations.
#include "strait/base/chrono.hpp"

#include "catch.hpp"

TEST_CASE("using namespace strait is enough for the literals of durations") {
  using namespace strait;
  CHECK(5s == std::chrono::seconds(5));
  CHECK(250ms == std::chrono::milliseconds(250));
}

TEST_CASE("a program's own using namespace std::chrono_literals does not make the literals ambiguous") {
  using namespace strait;
  using namespace std::chrono_literals;
  CHECK(2min == std::chrono::seconds(120));
}
