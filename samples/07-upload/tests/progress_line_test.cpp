#include "client/progress_line.hpp"

#include <string>

#include "catch.hpp"

using namespace samples::upload;
using namespace std::chrono_literals;

namespace {

constexpr progress_state half_way = {.name = "photos/2024/summer/IMG_0001.jpg",
                                     .files_done = 17,
                                     .files = 10'000,
                                     .bytes_done = 50'000'000,
                                     .bytes = 100'000'000,
                                     .rate = 2'000'000};

}  // namespace

TEST_CASE("progress_line: sizes are formatted with units of 1000") {
  CHECK(size_text(0) == "0 bytes");
  CHECK(size_text(1) == "1 byte");
  CHECK(size_text(999) == "999 bytes");
  CHECK(size_text(1000) == "1.0 kB");
  CHECK(size_text(999'949) == "999.9 kB");
  CHECK(size_text(999'950) == "1.0 MB");
  CHECK(size_text(12'345'678'901) == "12.3 GB");
  CHECK(size_text(UINT64_MAX) == "18.4 EB");
}

TEST_CASE("progress_line: times are formatted as minutes and seconds, with hours if necessary") {
  CHECK(time_text(0s) == "0:00");
  CHECK(time_text(754s) == "12:34");
  CHECK(time_text(3599s) == "59:59");
  CHECK(time_text(3723s) == "1:02:03");
}

TEST_CASE("progress_line: 100 percent are shown only when all bytes are done") {
  CHECK(percent_of(0, 100) == 0);
  CHECK(percent_of(999, 1000) == 99);
  CHECK(percent_of(UINT64_MAX - 1, UINT64_MAX) <= 100);
  CHECK(percent_of(1000, 1000) == 100);
  CHECK(percent_of(0, 0) == 100);
}

TEST_CASE("progress_line: the remaining time is computed from the remaining bytes") {
  CHECK(time_left(half_way) == 25s);
  auto now = half_way;
  now.rate = 0;
  CHECK_FALSE(time_left(now));
  now.rate = 0.001;
  CHECK_FALSE(time_left(now));
  now.rate = 1;
  now.bytes_done = now.bytes + 1;
  CHECK(time_left(now) == 0s);
}

TEST_CASE("progress_line: a name that is too long is shortened in the middle") {
  CHECK(shortened("a/book.txt", 10) == "a/book.txt");
  CHECK(shortened("a/book.txt", 9) == "a/bo\u2026.txt");
  CHECK(shortened("a/book.txt", 2) == "\u2026t");
  CHECK(shortened("a/book.txt", 1) == "\u2026");
  CHECK(shortened("a/book.txt", 0).empty());
}

TEST_CASE("progress_line: names are shortened by columns, at character boundaries") {
  CHECK(columns_of("\u4f60\u597d") == 4);
  CHECK(shortened("\u4f60\u597d\u4e16\u754c", 8) == "\u4f60\u597d\u4e16\u754c");
  CHECK(shortened("\u4f60\u597d\u4e16\u754c", 7) == "\u4f60\u2026\u4e16\u754c");
  CHECK(shortened("\u4f60\u597d\u4e16\u754c", 6) == "\u4f60\u2026\u754c");
  CHECK(shortened("e\u0301e\u0301e\u0301e\u0301", 3) == "e\u0301\u2026e\u0301");
}

TEST_CASE("progress_line: control characters are escaped") { CHECK(shortened("\x1b[2J", 80) == "\\x1b[2J"); }

TEST_CASE("progress_line: a wide line has all fields") {
  CHECK(progress_line(half_way, 140) ==
        "photos/2024/su\u2026er/IMG_0001.jpg  [###############---------------]   50%  50.0 MB of 100.0 MB  2.0 MB/s  "
        "0:25 left  17/10000 files");
}

TEST_CASE("progress_line: a terminal of 80 columns shows a bar") {
  CHECK(progress_line(half_way, 80) ==
        "photos/2…0001.jpg  [###---]   50%  50.0 MB  2.0 MB/s  0:25 left  17/10000 files");
}

TEST_CASE("progress_line: the last column stays free for every width and name") {
  for (auto const* name : {"", "a", "photos/2024/summer/IMG_0001.jpg", "\u4f60\u597d\u4e16\u754c/\u4f60\u597d.txt"})
    for (std::size_t width = 0; width < 200; ++width) {
      auto now = half_way;
      now.name = name;
      INFO(name << ", " << width);
      CHECK(columns_of(progress_line(now, width)) <= (width == 0 ? 0 : width - 1));
    }
}

TEST_CASE("progress_line: a narrow line drops fields, the percentage last") {
  CHECK(progress_line(half_way, 80).find("50%") != std::string::npos);
  CHECK(progress_line(half_way, 80).find("17/10000 files") != std::string::npos);
  CHECK(progress_line(half_way, 80).find("photos") != std::string::npos);
  CHECK(progress_line(half_way, 30).find("MB of") == std::string::npos);
  CHECK(progress_line(half_way, 6) == " 50%");
  CHECK(progress_line(half_way, 4).empty());
}

TEST_CASE("progress_line: at the start, no rate and no time are shown") {
  progress_state const now = {.name = {}, .files_done = 0, .files = 1, .bytes_done = 0, .bytes = 1000, .rate = 0};
  CHECK(progress_line(now, 80) == "[------------------------------]    0%  0 bytes of 1.0 kB  0/1 files");
}

TEST_CASE("progress_line: the rate is averaged over the last seconds") {
  auto now = rate_meter::clock::time_point();
  rate_meter rate(now);
  CHECK(rate.per_second() == 0);
  std::uint64_t bytes = 0;
  auto const pass = [&](std::uint64_t each, int tenths) {
    for (int i = 0; i < tenths; ++i) rate.update(now += 100ms, bytes += each);
  };
  pass(1000, 1);
  CHECK(rate.per_second() > 9'999);  // correct from the first second on
  CHECK(rate.per_second() < 10'001);
  pass(1000, 50);
  CHECK(rate.per_second() > 9'999);
  pass(0, 10);
  CHECK(rate.per_second() > 5'000);  // a short pause is averaged out
  CHECK(rate.per_second() < 9'000);
  pass(0, 300);
  CHECK(rate.per_second() < 100);  // a long one is not
}
