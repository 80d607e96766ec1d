// How far uploads are, as text. No input or output.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace samples::upload {

/// "1 file", "17 files".
[[nodiscard]] std::string count_text(std::uint64_t count, std::string_view what);
/// "999 bytes", "1.2 kB", "12.0 GB": units of 1000.
[[nodiscard]] std::string size_text(std::uint64_t bytes);
/// "0:07", "12:34", "1:02:03".
[[nodiscard]] std::string time_text(std::chrono::seconds time);
/// How many columns of a terminal `text`, which is printable, takes.
[[nodiscard]] std::size_t columns_of(std::string_view text);
/// `text`, made printable, in at most `most` columns: in the middle of what is too long, there is an ellipsis.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

/// How far all files are.
struct progress_state {
  std::string_view name;  ///< of the current file
  std::size_t files_done = 0;
  std::size_t files = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes = 0;
  double rate = 0;  ///< bytes per second; 0: not known
};

[[nodiscard]] unsigned percent_of(std::uint64_t done, std::uint64_t all) noexcept;
/// How long it will go on; nothing if nobody knows.
[[nodiscard]] std::optional<std::chrono::seconds> time_left(progress_state const& now);
/// One line that leaves the last of `width` columns free, since there terminals wrap. What is less important is left
/// out where there is no room.
[[nodiscard]] std::string progress_line(progress_state const& now, std::size_t width);

/// Bytes per second, over the last few seconds.
class rate_meter {
 public:
  using clock = std::chrono::steady_clock;
  explicit rate_meter(clock::time_point now) noexcept : measured_(now) {}

  /// `bytes` have been sent by `now`, in all.
  void update(clock::time_point now, std::uint64_t bytes) noexcept;
  [[nodiscard]] double per_second() const noexcept { return weight_ > 0 ? weighted_ / weight_ : 0; }

 private:
  clock::time_point measured_;
  std::uint64_t bytes_ = 0;
  // Rates and times, each of which weighs less the longer it is past; so the first second is no zero that fades away.
  double weighted_ = 0;
  double weight_ = 0;
};

}  // namespace samples::upload
