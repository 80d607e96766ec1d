// What every generator does, whatever it sends: it keeps a fixed number of messages under way on each of its
// connections (TCP) or flows (UDP), on one thread and one epoll, and records how long each took to come back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "histogram.hpp"

std::uint64_t now_ns();

class generator {
 public:
  struct shape {
    std::size_t connections;
    std::size_t depth;  // messages under way at a time, per connection
    std::size_t message_size;
  };

  virtual ~generator();
  generator(generator const&) = delete;
  generator& operator=(generator const&) = delete;

  // Keeps all connections busy until the time has come. Replies under way then are left for the next call, or for
  // `drain`.
  void run_until(std::uint64_t time_ns);

  // Receives the replies under way and sends nothing new, so that no connection ends with data in flight, which would
  // reset it.
  void drain();

  // Sends this many messages, over all connections together, and returns when each has been answered.
  void run_messages(std::uint64_t messages);

  // What happened since the last reset: of each message the time from its sending to its last byte back, and how many
  // had to be sent again.
  struct record {
    histogram latencies;
    std::uint64_t lost = 0;
  };
  record const& seen() const { return seen_; }
  void reset() { seen_ = {}; }

 protected:
  generator();

  // Sends on every connection as much as it may have under way.
  virtual void issue_all(std::uint64_t now) = 0;
  // A connection, by the index it was given to `watch`, can be read or written.
  virtual void ready(std::size_t index, std::uint32_t events) = 0;
  // Called each time around the loop, at least every ten milliseconds.
  virtual void tick() {}

  // An epoll_ctl for the connection's descriptor.
  void watch(int operation, int fd, std::size_t index, std::uint32_t events);

  // Whether one more message may be sent; then it counts as under way until `answered`.
  bool take();
  void answered(std::uint64_t nanoseconds);
  void lost() { ++seen_.lost; }
  // What was taken for lost was only late.
  void late() { seen_.lost -= seen_.lost > 0; }

 private:
  static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

  void poll();

  record seen_;
  int epoll_;
  std::uint64_t unissued_ = 0;    // how many messages may still be sent
  std::uint64_t unanswered_ = 0;  // how many were, and have not come back
};
