// peer_counts: the number of connections from each source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "strait/server/peer.hpp"

namespace strait::detail {

/// What counts as one peer: an IPv4 address, an IPv6 /64 network, which is what one subscriber has, or a process; if
/// the kernel does not identify the process, its user.
struct peer_source {
  explicit peer_source(peer const& who) noexcept;
  friend bool operator==(peer_source const&, peer_source const&) noexcept = default;

  std::uint64_t address = 0;
  unsigned char kind = 0;
};

/// May be used from any thread.
class peer_counts {
 public:
  peer_counts();

  /// Adds a connection, unless there are `most` already. Returns whether it was added.
  bool add(peer const& who, std::size_t most);
  void remove(peer const& who) noexcept;

 private:
  /// Seeded, so that a client cannot choose addresses that collide.
  struct hash {
    std::uint64_t seed;
    std::size_t operator()(peer_source const& of) const noexcept;
  };
  std::mutex mutex_;
  std::unordered_map<peer_source, std::size_t, hash> counts_;
};

}  // namespace strait::detail
