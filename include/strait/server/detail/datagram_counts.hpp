// datagram_counts: what one loop of a datagram server has done.
#pragma once

#include <atomic>
#include <cstdint>

#include "strait/server/datagram_statistics.hpp"

namespace strait::detail {

/// Written by its loop only and read by any thread.
struct datagram_counts {
  using number = std::atomic<std::uint64_t>;
  static void add(number& to, std::uint64_t what) noexcept {
    to.store(to.load(std::memory_order_relaxed) + what, std::memory_order_release);
  }
  void add_to(datagram_statistics& total) const noexcept;

  number received = 0, bytes_received = 0, served = 0, replies = 0, bytes_sent = 0;  // of most datagrams
  number refused = 0, failed = 0, timed_out = 0, cut = 0, truncated = 0, receive_errors = 0;
};

}  // namespace strait::detail
