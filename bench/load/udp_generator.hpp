// Many flows of datagrams to a UDP echo server, each from a connected socket. Every datagram must be returned
// unchanged, in any order. A datagram without a reply for too long counts as lost and is sent again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "datagram_batch.hpp"
#include "generator.hpp"
#include "pattern.hpp"

class udp_generator final : public generator {
 public:
  enum class pace {
    steady,  // a datagram follows each reply
    bursts,  // `depth` datagrams at once, segmented by the kernel (UDP_SEGMENT), after all of the last burst have
             // returned
  };

  udp_generator(std::string const& endpoint, shape const& wanted, pace how, std::uint64_t resend_after_ns);
  ~udp_generator() override;

 private:
  // One of the datagrams that a flow may have in flight.
  struct slot {
    std::uint64_t sequence;  // of the datagram in flight, or else of the next one; it identifies the slot of a reply
    std::uint64_t issued_at = 0;
    std::uint64_t sent_at = 0;  // later than issued if it was sent again
    bool under_way = false;
  };

  struct flow {
    int fd = -1;
    std::uint64_t start = 0;  // the position in the pattern at which its bytes begin
    std::size_t under_way = 0;
    std::vector<slot> slots;
  };

  void issue_all(std::uint64_t now) override;
  void ready(std::size_t index, std::uint32_t events) override;
  void tick() override;

  void check_limits() const;
  int connected_socket(std::string const& endpoint) const;
  void issue(flow& one, std::uint64_t now);
  void receive(flow& one, std::span<char const> datagram, std::uint64_t now);
  void resend_overdue(flow& one, std::uint64_t now);
  void add(flow const& one, slot& datagram, std::uint64_t now);
  void send(flow const& one);
  std::uint64_t position_of(flow const& one, std::uint64_t sequence) const;

  shape shape_;
  pace pace_;
  std::uint64_t resend_after_;
  std::uint64_t next_look_ = 0;  // when to check for overdue datagrams
  pattern pattern_;
  std::vector<flow> flows_;
  outgoing_batch outgoing_;
  incoming_batch incoming_;
};
