#include "source_network.hpp"

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace {

/// Returns the first eight bytes of an IPv6 address, its /64 network.
std::uint64_t network_number(unsigned char const* bytes) noexcept {
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | bytes[i];
  return number;
}

}  // namespace

source_network network_of(strait::endpoint const& sender) noexcept {
  sockaddr_storage storage{};
  sender.to_sockaddr(&storage);
  if (sender.is_v4()) {
    sockaddr_in v4;
    std::memcpy(&v4, &storage, sizeof v4);
    // Maps to ffff:ffff::/32, which are multicast addresses and therefore never the source of a datagram.
    return source_network{std::uint64_t{0xffff'ffff} << 32 | ntohl(v4.sin_addr.s_addr)};
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, &storage, sizeof v6);
  return source_network{network_number(v6.sin6_addr.s6_addr)};
}
