#include "time_format.hpp"

#include <chrono>
#include <clocale>
#include <cstdlib>
#include <ctime>
#include <string>

#include "catch.hpp"

namespace {

/// Sets the time zone during its lifetime.
class zone {
 public:
  explicit zone(char const* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  zone(zone const&) = delete;
  zone& operator=(zone const&) = delete;
  ~zone() { ::unsetenv("TZ"); }
};

// POSIX time zone strings, which need no database. Their offset is what must be added to local time to get UTC.
constexpr char const* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
constexpr char const* kolkata = "IST-5:30";
constexpr char const* newfoundland = "NST3:30NDT,M3.2.0,M11.1.0";

std::string text_of(std::chrono::seconds since_1970, time_format format) {
  return to_text(std::chrono::system_clock::time_point(since_1970), format);
}

}  // namespace

using namespace std::chrono_literals;

TEST_CASE("time_format: ctime has the format of asctime(3)") {
  zone const here(berlin);
  CHECK(text_of(740611265s, time_format::ctime) == "Sun Jun 20 23:21:05 1993");
}

TEST_CASE("time_format: ctime pads the day of the month with a space and the time with zeros") {
  zone const here("UTC0");
  CHECK(text_of(0s, time_format::ctime) == "Thu Jan  1 00:00:00 1970");
  CHECK(text_of(946684799s, time_format::ctime) == "Fri Dec 31 23:59:59 1999");
}

TEST_CASE("time_format: ctime formats every day and month") {
  zone const here("UTC0");
  constexpr char const* expected[] = {
      "Sat Jan  1 12:00:00 2000", "Tue Feb  1 12:00:00 2000", "Wed Mar  1 12:00:00 2000", "Sat Apr  1 12:00:00 2000",
      "Mon May  1 12:00:00 2000", "Thu Jun  1 12:00:00 2000", "Sat Jul  1 12:00:00 2000", "Tue Aug  1 12:00:00 2000",
      "Fri Sep  1 12:00:00 2000", "Sun Oct  1 12:00:00 2000", "Wed Nov  1 12:00:00 2000", "Fri Dec  1 12:00:00 2000"};
  constexpr int days[] = {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335};  // 2000 was a leap year
  for (int month = 0; month < 12; ++month)
    CHECK(text_of(946728000s + days[month] * 24h, time_format::ctime) == expected[month]);
}

TEST_CASE("time_format: ctime equals the C library's ctime in the C locale") {
  for (char const* name : {"UTC0", berlin, kolkata, newfoundland}) {
    zone const here(name);
    for (std::time_t when = -1'000'000'000; when < 4'000'000'000; when += 12'345'678) {
      char expected[26];
      REQUIRE(::ctime_r(&when, expected));
      CHECK(text_of(std::chrono::seconds(when), time_format::ctime) + "\n" == expected);
    }
  }
}

TEST_CASE("time_format: iso contains the offset from UTC") {
  auto const iso_in = [](char const* name, std::chrono::seconds when) {
    zone const here(name);
    return text_of(when, time_format::iso);
  };
  CHECK(iso_in("UTC0", 1795371441s) == "2026-11-22T18:17:21+00:00");
  CHECK(iso_in(berlin, 1795371441s) == "2026-11-22T19:17:21+01:00");
  CHECK(iso_in(berlin, 740611265s) == "1993-06-20T23:21:05+02:00");
  CHECK(iso_in(kolkata, 1795371441s) == "2026-11-22T23:47:21+05:30");
  CHECK(iso_in(newfoundland, 1795371441s) == "2026-11-22T14:47:21-03:30");
}

TEST_CASE("time_format: iso follows daylight saving time") {
  zone const here(berlin);
  CHECK(text_of(1774745999s, time_format::iso) == "2026-03-29T01:59:59+01:00");
  CHECK(text_of(1774746000s, time_format::iso) == "2026-03-29T03:00:00+02:00");
  CHECK(text_of(1792889999s, time_format::iso) == "2026-10-25T02:59:59+02:00");
  CHECK(text_of(1792890000s, time_format::iso) == "2026-10-25T02:00:00+01:00");
}

TEST_CASE("time_format: epoch is a number of whole seconds, rounded down") {
  CHECK(text_of(740611265s, time_format::epoch) == "740611265");
  CHECK(to_text(std::chrono::system_clock::time_point(1999ms), time_format::epoch) == "1");
  CHECK(to_text(std::chrono::system_clock::time_point(-1ms), time_format::epoch) == "-1");
}

TEST_CASE("time_format: a time is recognized in every format, with or without a line ending") {
  zone const here(newfoundland);
  for (auto const format : {time_format::ctime, time_format::iso, time_format::epoch})
    for (auto const since_1970 : {-1000000000s, 0s, 740611265s, 9223372036s}) {
      auto const text = text_of(since_1970, format);
      CHECK(is_time(text));
      CHECK(is_time(text + "\r\n"));
      CHECK_FALSE(is_time(text + "?"));
      CHECK_FALSE(is_time("?" + text));
    }
}

TEST_CASE("time_format: text that is only part of a time is not recognized") {
  for (auto const* text : {"", "\n", "hello", "Sun Jun 20", "23:21:05", "Sun Jun 20 23:21:05 1993 ",
                           "1993-06-20T23:21:05Z", "1993-06-20", "12a", "123456789012345678901"})
    CHECK_FALSE(is_time(text));
}
