// source_network: from where a datagram comes, as far as the rate limit cares.
#pragma once

#include <cstdint>

#include "strait/net/endpoint.hpp"

/// An IPv4 address or an IPv6 /64, which is what one customer, often one machine, has all addresses of. The port makes
/// no difference: anybody has all of these.
enum class source_network : std::uint64_t {};

/// An IPv4 sender is the same whether an IPv4 or an IPv6 socket receives from it: its endpoint is.
[[nodiscard]] source_network network_of(strait::endpoint const& sender) noexcept;
