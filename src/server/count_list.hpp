// count_list: statistics as text.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace strait::detail {

/// Formats counters, those that are zero omitted: "12 accepted: 10 served, 2 failed; 3 back-offs".
class count_list {
 public:
  explicit count_list(std::string begin) : text_(std::move(begin)) {}

  void add(std::uint64_t count, std::string_view what) {
    if (count == 0) return;
    fmt::format_to(std::back_inserter(text_), "{}{} {}", separator_, count, what);
    separator_ = ", ";
  }
  /// Begins the next group of counters.
  void next_kind() noexcept { separator_ = "; "; }

  [[nodiscard]] std::string with_bytes(std::uint64_t received, std::uint64_t sent) && {
    fmt::format_to(std::back_inserter(text_), "; {} bytes received, {} sent", received, sent);
    return std::move(text_);
  }

 private:
  std::string text_;
  std::string_view separator_ = ": ";
};

}  // namespace strait::detail
