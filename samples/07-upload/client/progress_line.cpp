#include "client/progress_line.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace samples::upload {
namespace {

constexpr std::string_view ellipsis = "\u2026";  // one column

/// Returns the beginning of `text` that fits into `max_columns` columns.
std::string_view front_of(std::string_view text, std::size_t max_columns) {
  std::size_t size = 0;
  std::size_t taken = 0;
  while (size < text.size()) {
    auto const next = first_character(text.substr(size));
    taken += columns(next.code_point);
    if (taken > max_columns) break;
    size += next.size;
  }
  return text.substr(0, size);
}

/// Returns the end of `text` that fits.
std::string_view back_of(std::string_view text, std::size_t max_columns) {
  auto left_out = columns_of(text) - std::min(columns_of(text), max_columns);
  while (!text.empty()) {
    auto const next = first_character(text);
    auto const width = columns(next.code_point);
    if (left_out == 0 && width > 0) break;  // keeps combining marks with their base characters
    left_out -= std::min(left_out, width);
    text.remove_prefix(next.size);
  }
  return text;
}

std::string bar(std::uint64_t done, std::uint64_t all, std::size_t width) {
  auto const inside = width - 2;
  auto const part = all == 0 ? 1.0 : static_cast<double>(std::min(done, all)) / static_cast<double>(all);
  auto const full = std::min(inside, static_cast<std::size_t>(part * static_cast<double>(inside)));
  return fmt::format("[{:#>{}}{:->{}}]", "", full, "", inside - full);
}

/// Composes a line from fields, as far as there is space.
class fitted_line {
 public:
  explicit fitted_line(std::size_t room) : room_(room) {}

  [[nodiscard]] std::size_t room() const noexcept { return room_ - std::min(room_, used_ + gap()); }
  /// Inserts a field at this position if at least `reserve` columns remain free; otherwise leaves it out.
  bool add(std::size_t place, std::string text, std::size_t reserve) {
    auto const needed = gap() + columns_of(text);
    if (text.empty() || used_ + needed + reserve > room_) return false;
    used_ += needed;
    fields_.push_back({place, std::move(text)});
    return true;
  }
  [[nodiscard]] std::string text() {
    std::sort(fields_.begin(), fields_.end(), [](auto const& a, auto const& b) { return a.place < b.place; });
    std::string all;
    for (auto const& each : fields_) all += (all.empty() ? "" : "  ") + each.text;
    return all;
  }

 private:
  [[nodiscard]] std::size_t gap() const noexcept { return fields_.empty() ? 0 : 2; }
  struct field {
    std::size_t place;
    std::string text;
  };
  std::vector<field> fields_;
  std::size_t room_;
  std::size_t used_ = 0;
};

}  // namespace

std::string count_text(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return count_text(bytes, "byte");
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr std::string_view units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  constexpr double rounded_up = 999.95;  // would be shown as 1000.0
  while (value >= rounded_up && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string time_text(std::chrono::seconds time) {
  auto const seconds = time.count();
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::size_t columns_of(std::string_view text) {
  std::size_t sum = 0;
  while (!text.empty()) {
    auto const next = first_character(text);
    sum += columns(next.code_point);
    text.remove_prefix(next.size);
  }
  return sum;
}

std::string shortened(std::string_view text, std::size_t max_columns) {
  auto whole = printable(text);
  if (columns_of(whole) <= max_columns) return whole;
  if (max_columns == 0) return {};
  auto const room = max_columns - 1;
  auto const front = front_of(whole, room / 2);
  return fmt::format("{}{}{}", front, ellipsis, back_of(whole, room - columns_of(front)));
}

unsigned percent_of(std::uint64_t done, std::uint64_t all) noexcept {
  if (done >= all) return 100;
  return static_cast<unsigned>(static_cast<double>(done) / static_cast<double>(all) * 100);
}

std::optional<std::chrono::seconds> time_left(progress_state const& now) {
  constexpr double max_seconds = 1'000'000;  // seconds, 11 days; longer times are not shown
  if (now.rate <= 0) return std::nullopt;
  auto const seconds = std::ceil(static_cast<double>(now.bytes - std::min(now.bytes, now.bytes_done)) / now.rate);
  if (seconds > max_seconds) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

std::string progress_line(progress_state const& now, std::size_t width) {
  enum place : std::size_t { name, bar_of_all, percent, bytes, rate, left, files };
  constexpr std::size_t min_name = 10, max_name = 30, min_bar = 8, max_bar = 32, gap = 2;

  fitted_line line(width - std::min<std::size_t>(width, 1));
  line.add(percent, fmt::format("{:3}%", percent_of(now.bytes_done, now.bytes)), 0);
  auto const name_wanted = std::min(columns_of(printable(now.name)), min_name);
  auto const for_name = name_wanted == 0 ? 0 : name_wanted + gap;
  line.add(files, fmt::format("{}/{} files", now.files_done, now.files), for_name);
  auto const for_name_and_bar = for_name + min_bar + gap;
  if (auto const time = time_left(now)) line.add(left, time_text(*time) + " left", for_name_and_bar);
  if (now.rate > 0) line.add(rate, size_text(static_cast<std::uint64_t>(now.rate)) + "/s", for_name_and_bar);
  auto const done = size_text(now.bytes_done);
  if (!line.add(bytes, fmt::format("{} of {}", done, size_text(now.bytes)), for_name_and_bar))
    line.add(bytes, done, for_name_and_bar);

  auto const for_bar = line.room() >= for_name + min_bar + gap ? min_bar + gap : 0;
  auto const name_columns = std::min(max_name, line.room() - std::min(line.room(), for_bar));
  if (name_columns >= std::min(name_wanted, std::size_t{4})) line.add(name, shortened(now.name, name_columns), 0);
  if (line.room() >= min_bar) line.add(bar_of_all, bar(now.bytes_done, now.bytes, std::min(max_bar, line.room())), 0);
  return line.text();
}

void rate_meter::update(clock::time_point now, std::uint64_t bytes) noexcept {
  constexpr double memory = 3;  // seconds after which the weight of a rate is 1/e
  std::chrono::duration<double> const passed = now - measured_;
  if (passed.count() <= 0) return;
  auto const fading = std::exp(-passed.count() / memory);
  auto const moved = static_cast<double>(bytes - std::min(bytes, bytes_));
  weighted_ = weighted_ * fading + moved / passed.count() * (1 - fading);
  weight_ = weight_ * fading + (1 - fading);
  measured_ = now;
  bytes_ = bytes;
}

}  // namespace samples::upload
