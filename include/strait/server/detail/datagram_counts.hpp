// datagram_counts: the counters of one loop of a datagram server.
#pragma once

#include "strait/base/export.hpp"
#include "strait/core/detail/counter.hpp"
#include "strait/server/datagram_statistics.hpp"

namespace strait::detail {

struct STRAIT_API datagram_counts {
  void add_to(datagram_statistics& total) const noexcept;

  counter received, bytes_received, served, replies, bytes_sent;  // updated for most datagrams
  counter rejected, failed, timed_out, aborted, truncated, receive_errors;
};

}  // namespace strait::detail
