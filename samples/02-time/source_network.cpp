#include "source_network.hpp"

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace {

/// IPv4 addresses stand in ffff:ffff::/32, among the multicast addresses, from which nothing comes.
source_network v4_address(unsigned char const* bytes) noexcept {
  std::uint32_t address;
  std::memcpy(&address, bytes, sizeof address);
  return source_network{std::uint64_t{0xffff'ffff} << 32 | ntohl(address)};
}

source_network v6_network(unsigned char const* bytes) noexcept {
  std::uint64_t network = 0;
  for (int i = 0; i < 8; ++i) network = network << 8 | bytes[i];
  return source_network{network};
}

}  // namespace

source_network network_of(strait::endpoint const& sender) noexcept {
  sockaddr_storage storage{};
  sender.to_sockaddr(&storage);
  if (sender.is_v4()) {
    sockaddr_in v4;
    std::memcpy(&v4, &storage, sizeof v4);
    return v4_address(reinterpret_cast<unsigned char const*>(&v4.sin_addr));
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, &storage, sizeof v6);
  auto const* const bytes = v6.sin6_addr.s6_addr;
  return IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? v4_address(bytes + 12) : v6_network(bytes);
}
