// The common part of all generators. A generator keeps a fixed number of messages in flight on each of its connections
// (TCP) or flows (UDP), on one thread with one epoll instance, and records the round-trip time of each message.
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
    std::size_t depth;  // messages in flight at the same time, per connection
    std::size_t message_size;
  };

  virtual ~generator();
  generator(generator const&) = delete;
  generator& operator=(generator const&) = delete;

  // Keeps all connections busy until the given time. Replies in flight at that time are received by the next call, or
  // by `drain`.
  void run_until(std::uint64_t time_ns);

  // Receives the replies in flight and sends nothing new, so that no connection is closed with unread data, which would
  // reset it.
  void drain();

  // Sends this many messages over all connections together, and returns when all have been answered.
  void run_messages(std::uint64_t messages);

  // The results since the last reset: the time of each message from sending it to receiving its last byte, and how many
  // messages had to be sent again.
  struct record {
    histogram latencies;
    std::uint64_t lost = 0;
  };
  record const& seen() const { return seen_; }
  void reset() { seen_ = {}; }

 protected:
  generator();

  // Sends on every connection as many messages as may be in flight.
  virtual void issue_all(std::uint64_t now) = 0;
  // Called when a connection can be read or written, with the index that was passed to `watch`.
  virtual void ready(std::size_t index, std::uint32_t events) = 0;
  // Called in each iteration of the loop, at least every ten milliseconds.
  virtual void tick() {}

  // An epoll_ctl for the connection's descriptor.
  void watch(int operation, int fd, std::size_t index, std::uint32_t events);

  // Whether one more message may be sent. If so, it counts as in flight until `answered`.
  bool take();
  void answered(std::uint64_t nanoseconds);
  void lost() { ++seen_.lost; }
  // Called when a datagram that counted as lost was only late.
  void late() { seen_.lost -= seen_.lost > 0; }

 private:
  static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

  void poll();

  record seen_;
  int epoll_;
  std::uint64_t unissued_ = 0;    // the number of messages that may still be sent
  std::uint64_t unanswered_ = 0;  // the number of messages that were sent and not answered yet
};
