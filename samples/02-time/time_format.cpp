#include "time_format.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

namespace {

// strftime would use the names of the locale.
constexpr char const* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr char const* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::tm local_time(std::time_t when) {
  [[maybe_unused]] static bool const is_zone_set = (::tzset(), true);  // POSIX does not require localtime_r to do it
  std::tm local{};
  ::localtime_r(&when, &local);
  return local;
}

std::string to_ctime(std::tm const& local) {
  return fmt::format("{} {} {:2} {:02}:{:02}:{:02} {}", days[local.tm_wday], months[local.tm_mon], local.tm_mday,
                     local.tm_hour, local.tm_min, local.tm_sec, 1900 + local.tm_year);
}

std::string to_iso(std::tm const& local) {
  char const sign = local.tm_gmtoff < 0 ? '-' : '+';
  long const minutes = std::abs(local.tm_gmtoff) / 60;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}", 1900 + local.tm_year, 1 + local.tm_mon,
                     local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, sign, minutes / 60, minutes % 60);
}

/// Whether `text` matches `pattern`, in which 9 stands for a digit, _ for a digit or a space, a for a letter, + for a
/// sign, and every other character for itself.
bool matches(std::string_view text, std::string_view pattern) noexcept {
  auto const fits = [](char c, char expected) {
    bool const is_digit = c >= '0' && c <= '9';
    switch (expected) {
      case '9': return is_digit;
      case '_': return is_digit || c == ' ';
      case 'a': return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      case '+': return c == '+' || c == '-';
      default: return c == expected;
    }
  };
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(), fits);
}

}  // namespace

bool is_time(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  constexpr std::size_t longest_epoch = 20;
  bool const is_epoch = !text.empty() && text.size() <= longest_epoch &&
                        text.find_first_not_of("0123456789", text.front() == '-' ? 1 : 0) == text.npos;
  return is_epoch || matches(text, "aaa aaa _9 99:99:99 9999") || matches(text, "9999-99-99T99:99:99+99:99");
}

std::string to_text(std::chrono::system_clock::time_point when, time_format format) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count();
  switch (format) {
    case time_format::ctime: return to_ctime(local_time(seconds));
    case time_format::iso: return to_iso(local_time(seconds));
    case time_format::epoch: break;
  }
  return fmt::format("{}", seconds);
}
