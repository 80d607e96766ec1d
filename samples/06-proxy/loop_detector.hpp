// loop_detector: finds out that a proxy is its own upstream.
#pragma once

#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include "strait/net/endpoint.hpp"
#include "strait/net/tcp.hpp"

/// A proxy that is its own upstream would connect to itself for each connection that it accepts, until it has no
/// descriptors left. Such a connection is known by its two endpoints: it has been both made and accepted here. One
/// detector for all threads, which may use it at the same time. A loop through another proxy is not detected.
class loop_detector {
  using connection = std::pair<strait::endpoint, strait::endpoint>;  // the client's side, the server's side
  using connections = std::multiset<connection>;

 public:
  /// Has a connection known while it exists.
  class entry {
   public:
    entry(entry const&) = delete;
    entry& operator=(entry const&) = delete;
    ~entry();

   private:
    friend class loop_detector;
    entry(loop_detector& in, connections& among, connections const& others, connection const& what);

    loop_detector& detector_;
    connections& among_;
    connections::iterator place_;
  };

  /// `client` has been accepted. Throws `std::runtime_error` if it comes from this proxy, and also if another
  /// connection did within the last second: its successors, which are on their way already, end here.
  [[nodiscard]] entry accepted(strait::tcp::stream const& client);
  /// A connection to `upstream` has been established. Throws `std::runtime_error` if it leads to this proxy.
  [[nodiscard]] entry connected(strait::tcp::stream const& upstream);

 private:
  using clock = std::chrono::steady_clock;

  void found_loop();

  std::mutex mutex_;  // for all below
  connections accepted_;
  connections connected_;
  clock::time_point refuse_until_ = clock::time_point::min();
};
