// pace: whether a client delivers the data that it owes fast enough. No input or output, and no clock of its own.
#pragma once

#include <chrono>
#include <cstdint>

namespace samples::upload {

/// An account of time. It starts with `patience`, which is also its maximum. While the client owes data, the time that
/// passes is subtracted; each byte of data adds the time that it takes at the minimum rate, and each complete file adds
/// a second, since a small file costs more time than its bytes. A client whose account is empty is too slow.
/// Withdrawing an offer and making it again does not refill the account.
class pace {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `bytes_per_second` is the minimum rate; 0: any.
  pace(std::uint64_t bytes_per_second, std::chrono::nanoseconds patience, time_point now) noexcept;

  /// From `now` on, the client owes data, or does not.
  void owes(bool does, time_point now) noexcept;
  /// The time since the last call of this or of `owes` does not count.
  void excuse(time_point now) noexcept { since_ = now; }
  void delivered(std::uint64_t bytes) noexcept;
  void completed_file() noexcept;
  [[nodiscard]] bool is_too_slow() const noexcept { return bytes_per_second_ != 0 && left_ <= 0; }

 private:
  using seconds = std::chrono::duration<double>;
  void add(double time) noexcept;

  std::uint64_t bytes_per_second_;
  double patience_;  // in seconds, as is what follows
  double left_;
  time_point since_;
  bool is_owing_ = false;
};

}  // namespace samples::upload
