// source_network: the address range that the rate limit treats as one source.
#pragma once

#include <cstdint>

#include "strait/net/endpoint.hpp"

/// An IPv4 address or an IPv6 /64 network, all of whose addresses usually belong to one customer or one machine. The
/// port is not part of it, because one sender can use all ports.
enum class source_network : std::uint64_t {};

/// Returns the source network of `sender`. An IPv4 sender maps to the same network on IPv4 and IPv6 sockets.
[[nodiscard]] source_network network_of(strait::endpoint const& sender) noexcept;
