// Formats the progress of uploads. Does no I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace samples::upload {

/// Returns "1 file", "17 files".
[[nodiscard]] std::string count_text(std::uint64_t count, std::string_view what);
/// Returns "999 bytes", "1.2 kB", "12.0 GB", with units of 1000.
[[nodiscard]] std::string size_text(std::uint64_t bytes);
/// Returns "0:07", "12:34", "1:02:03".
[[nodiscard]] std::string time_text(std::chrono::seconds time);
/// Returns the width of `text`, which must be printable, in terminal columns.
[[nodiscard]] std::size_t columns_of(std::string_view text);
/// Returns `text` with unprintable characters escaped, in at most `max_columns` columns. If it is longer, its middle is
/// replaced by an ellipsis.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t max_columns);

/// The progress of all files.
struct progress_state {
  std::string_view name;  ///< of the current file
  std::size_t files_done = 0;
  std::size_t files = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes = 0;
  double rate = 0;  ///< bytes per second; 0: unknown
};

[[nodiscard]] unsigned percent_of(std::uint64_t done, std::uint64_t all) noexcept;
/// Returns the estimated remaining time; nothing if it is unknown.
[[nodiscard]] std::optional<std::chrono::seconds> time_left(progress_state const& now);
/// Returns a line that leaves the last of `width` columns free, because terminals wrap there. If there is not enough
/// space, less important fields are left out.
[[nodiscard]] std::string progress_line(progress_state const& now, std::size_t width);

/// The average rate over the last few seconds, in bytes per second.
class rate_meter {
 public:
  using clock = std::chrono::steady_clock;
  explicit rate_meter(clock::time_point now) noexcept : measured_(now) {}

  /// Records that a total of `bytes` were sent by `now`.
  void update(clock::time_point now, std::uint64_t bytes) noexcept;
  [[nodiscard]] double per_second() const noexcept { return weight_ > 0 ? weighted_ / weight_ : 0; }

 private:
  clock::time_point measured_;
  std::uint64_t bytes_ = 0;
  // Exponentially weighted sums of rates and times. Dividing by the weights makes the first seconds accurate.
  double weighted_ = 0;
  double weight_ = 0;
};

}  // namespace samples::upload
