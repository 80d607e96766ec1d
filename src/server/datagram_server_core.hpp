// datagram_server_core: what the loops of one datagram server share.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "strait/server/datagram_statistics.hpp"
#include "strait/server/detail/datagram_serving.hpp"

namespace strait::detail {

/// From any thread.
class datagram_server_core {
 public:
  explicit datagram_server_core(datagram_limits const& limits) : limits_(limits) {}

  [[nodiscard]] datagram_limits const& limits() const noexcept { return limits_; }

  void add(datagram_serving& loop);
  void remove(datagram_serving& loop) noexcept;

  void stop() noexcept;
  [[nodiscard]] bool is_stopping() const noexcept { return is_stopping_; }
  [[nodiscard]] datagram_statistics statistics();

 private:
  datagram_limits const limits_;
  std::atomic<bool> is_stopping_ = false;

  std::mutex mutex_;
  std::vector<datagram_serving*> loops_;
  datagram_statistics past_;  // of loops that have ended
};

}  // namespace strait::detail
