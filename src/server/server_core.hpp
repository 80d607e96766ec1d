// server_core: the state that the loops of one server share.
#pragma once

#include <atomic>
#include <cstddef>

#include "server/peer_counts.hpp"
#include "server/server_loops.hpp"
#include "server/serving.hpp"
#include "strait/server/serve_options.hpp"
#include "strait/server/server_statistics.hpp"

namespace strait::detail {

/// May be used from any thread.
class server_core : public server_loops<serving, server_statistics> {
 public:
  explicit server_core(serve_options const& options) : options_(options) {}

  [[nodiscard]] serve_options const& options() const noexcept { return options_; }
  [[nodiscard]] peer_counts& peers() noexcept { return peers_; }

  [[nodiscard]] bool has_room() const noexcept {
    return options_.max_connections == 0 || present_ < options_.max_connections;
  }
  [[nodiscard]] bool take_room() noexcept;
  /// Reserves a slot even beyond the limit.
  void take_room_beyond_limit() noexcept { ++present_; }
  void give_room_back() noexcept;
  /// A loop begins or ends to wait for a free slot.
  void waits(bool begins) noexcept { begins ? ++waiting_ : --waiting_; }

 private:
  serve_options const options_;
  peer_counts peers_;
  std::atomic<std::size_t> present_ = 0;
  std::atomic<unsigned> waiting_ = 0;
};

}  // namespace strait::detail
