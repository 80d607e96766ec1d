// server_core: what the loops of one server share.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "server/peer_counts.hpp"
#include "strait/server/detail/serving.hpp"
#include "strait/server/serve_options.hpp"
#include "strait/server/server_statistics.hpp"

namespace strait::detail {

/// From any thread.
class server_core {
 public:
  explicit server_core(serve_options const& options) : options_(options) {}

  [[nodiscard]] serve_options const& options() const noexcept { return options_; }
  [[nodiscard]] peer_counts& peers() noexcept { return peers_; }

  void add(serving& loop);
  void remove(serving& loop) noexcept;

  [[nodiscard]] bool has_room() const noexcept {
    return options_.max_connections == 0 || present_ < options_.max_connections;
  }
  [[nodiscard]] bool take_room() noexcept;
  /// Whatever the limit.
  void take_room_anyway() noexcept { ++present_; }
  void give_room_back() noexcept;
  /// A loop begins or ends to wait for room.
  void waits(bool begins) noexcept { begins ? ++waiting_ : --waiting_; }

  void stop() noexcept;
  [[nodiscard]] bool is_stopping() const noexcept { return stopping_; }
  [[nodiscard]] server_statistics statistics();

 private:
  void wake_all() noexcept;

  serve_options const options_;
  peer_counts peers_;
  std::atomic<std::size_t> present_ = 0;
  std::atomic<unsigned> waiting_ = 0;
  std::atomic<bool> stopping_ = false;

  std::mutex mutex_;
  std::vector<serving*> loops_;
  server_statistics past_;  // of loops that have ended
};

}  // namespace strait::detail
