// minimum_rate: decides whether a client sends requested data fast enough. Does no I/O and reads no clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace samples::upload {

/// A time budget. It starts at its maximum, `client_timeout`. While data is due from the client, the elapsed time is
/// subtracted. Each byte of data adds the time that it takes at the minimum rate, and each complete file adds a second,
/// because a small file takes longer than its bytes. A client whose budget is used up is too slow. Withdrawing an offer
/// and making it again does not refill the budget.
class minimum_rate {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `bytes_per_second` is the minimum rate; 0 disables.
  minimum_rate(std::uint64_t bytes_per_second, std::chrono::nanoseconds client_timeout, time_point now) noexcept;

  /// Sets whether data is due from the client from `now` on.
  void set_data_due(bool is_due, time_point now) noexcept;
  /// Does not count the time since the last call of `skip_until` or `set_data_due`.
  void skip_until(time_point now) noexcept { since_ = now; }
  void delivered(std::uint64_t bytes) noexcept;
  void completed_file() noexcept;
  [[nodiscard]] bool is_too_slow() const noexcept { return bytes_per_second_ != 0 && left_ <= 0; }

 private:
  using seconds = std::chrono::duration<double>;
  void add(double time) noexcept;

  std::uint64_t bytes_per_second_;
  double client_timeout_;  // in seconds, like left_
  double left_;
  time_point since_;
  bool is_data_due_ = false;
};

}  // namespace samples::upload
