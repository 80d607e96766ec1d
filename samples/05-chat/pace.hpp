// pace: how fast one client is listened to.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "strait/base/chrono.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/task.hpp"

/// Lets a second's worth of lines through at once, and then so many a second. Who sends more is not refused, but read
/// later, until the buffers in between are full and the client has to wait.
class pace {
 public:
  /// 0: as fast as they come.
  explicit pace(std::uint32_t lines_per_second) : rate_(lines_per_second) {}

  /// Waits until the next line is due. Gives everybody else a turn in any case: however many lines have come in one
  /// piece, what each of them says is on its way to its readers before the next one is listened to.
  strait::task<> next() {
    co_await strait::yield();
    if (rate_ == 0) co_return;
    constexpr std::chrono::nanoseconds second = std::chrono::seconds(1);
    due_ = std::max(due_, strait::clock::now() - second) + second / rate_;
    co_await strait::sleep_until(due_);
  }

 private:
  std::uint32_t rate_;
  strait::clock::time_point due_{};
};
