// loop_detector: detects that a proxy is its own upstream server.
#pragma once

#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include "strait/net/endpoint.hpp"
#include "strait/net/tcp.hpp"

/// A proxy that is its own upstream would connect to itself for each accepted connection until its descriptors are
/// exhausted. Such a connection is recognized by its pair of endpoints, because the proxy has both established and
/// accepted it. A loop through another proxy is not detected. Thread-safe: all threads of the proxy share one detector.
class loop_detector {
  using connection = std::pair<strait::endpoint, strait::endpoint>;  // the client's side, the server's side
  using connections = std::multiset<connection>;

 public:
  /// Keeps a connection registered during its lifetime.
  class entry {
   public:
    entry(entry const&) = delete;
    entry& operator=(entry const&) = delete;
    ~entry();

   private:
    friend class loop_detector;
    entry(loop_detector& detector, connections& registered, connections const& others, connection const& what);

    loop_detector& detector_;
    connections& registered_;
    connections::iterator position_;
  };

  /// Registers an accepted connection. Throws `std::runtime_error` if the connection was established by this proxy, or
  /// if another one was within the last second, because more connections of the same loop may be pending.
  [[nodiscard]] entry add_accepted(strait::tcp::stream const& client);
  /// Registers an established connection to the upstream server. Throws `std::runtime_error` if this proxy has accepted
  /// it.
  [[nodiscard]] entry add_connected(strait::tcp::stream const& upstream);

 private:
  using clock = std::chrono::steady_clock;

  [[noreturn]] void report_loop();

  std::mutex mutex_;  // guards the members below
  connections accepted_;
  connections connected_;
  clock::time_point reject_until_ = clock::time_point::min();
};
