// Many connections to a TCP server that echoes bytes or lines. Every byte must be returned, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "generator.hpp"
#include "pattern.hpp"

class tcp_generator final : public generator {
 public:
  // Sends `bytes`.
  tcp_generator(std::string const& endpoint, shape const& wanted, pattern bytes);
  ~tcp_generator() override;

 private:
  struct connection {
    std::size_t index = 0;
    int fd = -1;
    std::uint64_t start = 0;    // the position in the pattern at which its stream begins
    std::uint64_t to_send = 0;  // bytes to send, sent and received since the connection was established
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t issued = 0;  // messages issued and answered
    std::uint64_t answered = 0;
    std::vector<std::uint64_t> issued_at;  // a ring of `depth` times
    bool awaits_writable = false;
  };

  void issue_all(std::uint64_t now) override;
  void ready(std::size_t index, std::uint32_t events) override;

  void connect(connection& one, std::string const& endpoint);
  void issue(connection& one, std::uint64_t now);
  void receive(connection& one);
  void send(connection& one);
  void await_writable(connection& one, bool wanted);

  shape shape_;
  pattern pattern_;
  std::vector<connection> connections_;
  std::vector<char> buffer_;
};
