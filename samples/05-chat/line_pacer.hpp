// line_pacer: limits how fast the lines of one client are read.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "strait/base/chrono.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/task.hpp"

/// Allows `lines_per_second` lines at once, and then as many per second. Lines beyond that are not rejected but read
/// later; when the socket buffers are full, the client has to wait.
class line_pacer {
 public:
  /// 0: no limit.
  explicit line_pacer(std::uint32_t lines_per_second) : rate_(lines_per_second) {}

  /// Waits until the next line may be read. Always yields to other tasks first, so that each message is sent to its
  /// readers before the next line is read, even if many lines arrive at once.
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
