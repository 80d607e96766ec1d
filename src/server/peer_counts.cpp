// The number of connections from each source.
#include "server/peer_counts.hpp"

#include <random>
#include <span>

#include <netinet/in.h>
#include <sys/socket.h>

namespace strait::detail {

peer_source::peer_source(peer const& who) noexcept {
  if (auto const* credentials = who.credentials()) {
    // Processes that the kernel does not identify, because they are in another PID namespace, are different processes.
    bool const is_known = credentials->pid.has_value();
    address = is_known ? static_cast<std::uint64_t>(*credentials->pid) : credentials->uid;
    kind = is_known ? 1 : 2;
    return;
  }
  sockaddr_storage system{};
  who.ip()->to_sockaddr(&system);
  if (who.ip()->is_v4()) {
    address = ntohl(reinterpret_cast<sockaddr_in const&>(system).sin_addr.s_addr);
    kind = 4;
    return;
  }
  std::span const bytes(reinterpret_cast<sockaddr_in6 const&>(system).sin6_addr.s6_addr);
  for (unsigned char const each : bytes.first(8)) address = address << 8 | each;
  kind = 6;
}

std::size_t peer_counts::hash::operator()(peer_source const& of) const noexcept {
  auto mixed = (of.address ^ seed) + of.kind;  // the finalizer of MurmurHash3
  mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccd;
  mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53;
  return static_cast<std::size_t>(mixed ^ mixed >> 33);
}

peer_counts::peer_counts() : counts_(0, hash{std::uint64_t{std::random_device{}()} << 32 | std::random_device{}()}) {}

bool peer_counts::add(peer const& who, std::size_t most) {
  std::lock_guard const lock(mutex_);
  auto& count = counts_[peer_source(who)];
  if (count == most) return false;
  ++count;
  return true;
}

void peer_counts::remove(peer const& who) noexcept {
  std::lock_guard const lock(mutex_);
  auto const found = counts_.find(peer_source(who));
  if (--found->second == 0) counts_.erase(found);
}

}  // namespace strait::detail
