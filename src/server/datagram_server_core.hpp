// datagram_server_core: the state that the loops of one datagram server share.
#pragma once

#include "server/server_loops.hpp"
#include "strait/server/datagram_statistics.hpp"
#include "strait/server/detail/datagram_serving.hpp"

namespace strait::detail {

/// May be used from any thread.
class datagram_server_core : public server_loops<datagram_serving, datagram_statistics> {
 public:
  explicit datagram_server_core(datagram_limits const& limits) : limits_(limits) {}
  [[nodiscard]] datagram_limits const& limits() const noexcept { return limits_; }

 private:
  datagram_limits const limits_;
};

}  // namespace strait::detail
