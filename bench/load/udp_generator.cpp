#include "udp_generator.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "socket_call.hpp"

namespace {

constexpr std::size_t header_size = sizeof(std::uint64_t);  // the sequence number
constexpr std::size_t longest_datagram = 65507;             // over IPv4
constexpr std::size_t most_segments = 64;                   // per send, in the oldest kernels with UDP_SEGMENT
constexpr std::size_t most_messages = 1024;                 // per sendmmsg

void set(int fd, int level, int option, int value, char const* what) {
  check(setsockopt(fd, level, option, &value, sizeof value), what);
}

}  // namespace

udp_generator::udp_generator(std::string const& endpoint, shape const& wanted, pace how, std::uint64_t resend_after_ns)
    : shape_(wanted),
      pace_(how),
      resend_after_(resend_after_ns),
      flows_(wanted.connections),
      outgoing_(wanted.depth),
      incoming_(std::min<std::size_t>(wanted.depth, 64), how == pace::bursts ? longest_datagram : wanted.message_size) {
  check_limits();
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    flows_[i].start = pattern_.start_of(i);
    for (std::size_t sequence = 0; sequence < shape_.depth; ++sequence)
      flows_[i].slots.push_back({.sequence = sequence});
    flows_[i].fd = connected_socket(endpoint);
    watch(EPOLL_CTL_ADD, flows_[i].fd, i, EPOLLIN);
  }
}

udp_generator::~udp_generator() {
  for (auto const& one : flows_)
    if (one.fd >= 0) close(one.fd);
}

void udp_generator::check_limits() const {
  if (shape_.message_size < header_size || shape_.message_size > longest_datagram)
    throw std::invalid_argument("the size of a datagram must be 8 to 65507 bytes");
  if (shape_.depth == 0 || shape_.depth > most_messages)
    throw std::invalid_argument("the depth of a flow must be 1 to 1024 datagrams");
  if (pace_ == pace::bursts && (shape_.depth > most_segments || shape_.depth * shape_.message_size > longest_datagram))
    throw std::invalid_argument("a burst must have at most 64 datagrams and 65507 bytes");
}

int udp_generator::connected_socket(std::string const& endpoint) const {
  auto const address = parse(endpoint);
  int const fd = check(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  set(fd, SOL_SOCKET, SO_RCVBUF, 4 << 20, "SO_RCVBUF");  // the kernel limits this to its maximum
  set(fd, SOL_SOCKET, SO_SNDBUF, 4 << 20, "SO_SNDBUF");
  if (pace_ == pace::bursts) {
    set(fd, IPPROTO_UDP, UDP_SEGMENT, static_cast<int>(shape_.message_size), "UDP_SEGMENT");
    set(fd, IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO");
  }
  check(connect(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address), "connect");
  return fd;
}

void udp_generator::issue_all(std::uint64_t now) {
  for (auto& one : flows_) issue(one, now);
}

void udp_generator::issue(flow& one, std::uint64_t now) {
  if (pace_ == pace::bursts && one.under_way > 0) return;
  for (auto& each : one.slots) {
    if (each.under_way) continue;
    if (!take()) break;
    each.under_way = true;
    each.issued_at = now;
    ++one.under_way;
    add(one, each, now);
  }
  send(one);
}

void udp_generator::ready(std::size_t index, std::uint32_t) {
  auto& one = flows_[index];
  incoming_.receive(one.fd);
  auto const now = now_ns();
  incoming_.for_each([&](std::span<char const> datagram) { receive(one, datagram, now); });
  issue(one, now);
}

void udp_generator::receive(flow& one, std::span<char const> datagram, std::uint64_t now) {
  if (datagram.size() != shape_.message_size) throw std::runtime_error("the server sent a datagram of another size");
  std::uint64_t sequence = 0;
  std::memcpy(&sequence, datagram.data(), header_size);
  if (!pattern_.matches(position_of(one, sequence), datagram.subspan(header_size)))
    throw std::runtime_error("the server did not return the bytes that it was sent");

  auto& which = one.slots[sequence % shape_.depth];
  if (sequence < which.sequence) return late();  // it was sent twice, and both replies arrived
  if (!which.under_way || sequence > which.sequence)
    throw std::runtime_error("the server sent a datagram that it was never sent");
  which.under_way = false;
  which.sequence += shape_.depth;
  --one.under_way;
  answered(now - which.issued_at);
}

void udp_generator::tick() {
  auto const now = now_ns();
  if (now < next_look_) return;
  next_look_ = now + resend_after_ / 4;
  for (auto& one : flows_) resend_overdue(one, now);
}

void udp_generator::resend_overdue(flow& one, std::uint64_t now) {
  for (auto& each : one.slots) {
    if (!each.under_way || now - each.sent_at < resend_after_) continue;
    lost();
    add(one, each, now);
  }
  send(one);
}

void udp_generator::add(flow const& one, slot& datagram, std::uint64_t now) {
  datagram.sent_at = now;
  outgoing_.add(datagram.sequence, pattern_.at(position_of(one, datagram.sequence), shape_.message_size - header_size));
}

void udp_generator::send(flow const& one) {
  if (pace_ == pace::bursts) outgoing_.send_joined(one.fd);
  else outgoing_.send(one.fd);
}

// The position in the pattern of the bytes after the sequence number.
std::uint64_t udp_generator::position_of(flow const& one, std::uint64_t sequence) const {
  return one.start + sequence * shape_.message_size;
}
