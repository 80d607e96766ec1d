// source_network: from where a datagram comes, as far as the rate limit cares.
#pragma once

#include <cstdint>

#include "strait/net/endpoint.hpp"

/// An IPv4 address or an IPv6 /64, which is what one customer, often one machine, has all addresses of. The port makes
/// no difference: anybody has all of these.
enum class source_network : std::uint64_t {};

/// An IPv4 sender is the same to an IPv6 socket, which sees it as ::ffff:192.0.2.1.
[[nodiscard]] source_network network_of(strait::endpoint const& sender) noexcept;
