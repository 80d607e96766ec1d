#include "server/pace.hpp"

#include <algorithm>

namespace samples::upload {

pace::pace(std::uint64_t bytes_per_second, std::chrono::nanoseconds patience, time_point now) noexcept
    : bytes_per_second_(bytes_per_second), patience_(seconds(patience).count()), left_(patience_), since_(now) {}

void pace::owes(bool does, time_point now) noexcept {
  if (is_owing_) left_ -= seconds(now - since_).count();
  since_ = now;
  is_owing_ = does;
}

void pace::delivered(std::uint64_t bytes) noexcept {
  if (bytes_per_second_ != 0) add(static_cast<double>(bytes) / static_cast<double>(bytes_per_second_));
}

void pace::completed_file() noexcept { add(1); }

void pace::add(double time) noexcept { left_ = std::min(left_ + time, patience_); }

}  // namespace samples::upload
