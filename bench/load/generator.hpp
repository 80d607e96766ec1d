// Many connections to an echo server, each keeping a fixed number of messages under way, on one thread and one epoll.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "histogram.hpp"
#include "pattern.hpp"

std::uint64_t now_ns();

class generator {
 public:
  struct shape {
    std::size_t connections;
    std::size_t depth;  // messages under way at a time, per connection
    std::size_t message_size;
  };

  generator(std::string const& endpoint, shape const& wanted);
  ~generator();
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

  // The time from the sending of a message to its last byte back, of each since the last reset.
  histogram const& latencies() const { return latencies_; }
  void reset_latencies() { latencies_ = {}; }

 private:
  struct connection {
    int fd = -1;
    std::uint64_t start = 0;    // where its stream begins in the pattern
    std::uint64_t to_send = 0;  // bytes: asked for, sent and received since the connection began
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t issued = 0;  // messages: asked for and answered
    std::uint64_t answered = 0;
    std::vector<std::uint64_t> issued_at;  // a ring of `depth` times
    bool awaits_writable = false;
  };

  void connect(connection& one, std::string const& endpoint);
  void issue(connection& one, std::uint64_t now);
  void issue_all();
  void poll(int timeout_ms);
  void receive(connection& one);
  void send(connection& one);
  void await_writable(connection& one, bool wanted);

  static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

  shape shape_;
  pattern pattern_;
  histogram latencies_;
  int epoll_;
  std::uint64_t unissued_ = 0;    // how many messages may still be sent
  std::uint64_t unanswered_ = 0;  // how many were, and have not come back
  std::vector<connection> connections_;
  std::vector<char> buffer_;
};
