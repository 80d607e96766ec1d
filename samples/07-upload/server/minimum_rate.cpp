#include "server/minimum_rate.hpp"

#include <algorithm>

namespace samples::upload {

minimum_rate::minimum_rate(std::uint64_t bytes_per_second, std::chrono::nanoseconds client_timeout,
                           time_point now) noexcept
    : bytes_per_second_(bytes_per_second),
      client_timeout_(seconds(client_timeout).count()),
      left_(client_timeout_),
      since_(now) {}

void minimum_rate::set_data_due(bool is_due, time_point now) noexcept {
  if (is_data_due_) left_ -= seconds(now - since_).count();
  since_ = now;
  is_data_due_ = is_due;
}

void minimum_rate::delivered(std::uint64_t bytes) noexcept {
  if (bytes_per_second_ != 0) add(static_cast<double>(bytes) / static_cast<double>(bytes_per_second_));
}

void minimum_rate::completed_file() noexcept { add(1); }

void minimum_rate::add(double time) noexcept { left_ = std::min(left_ + time, client_timeout_); }

}  // namespace samples::upload
