// resolve: names into endpoints.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/net/endpoint.hpp"

namespace strait {

/// Looks up `host` (a name, or a numeric address) and `service` (a port number, or a name from /etc/services); gives at
/// least one endpoint, in the order in which they are best tried (RFC 6724). Throws `error`: `errc::host_not_found`,
/// what the resolver says, or `std::errc::resource_unavailable_try_again`, see below.
///
/// Asks the system's resolver, which blocks, on threads that all loops of the process share and that do nothing else,
/// so that neither files nor `on_thread_pool` wait for a name server: at most `max_concurrent_lookups`, begun when they
/// are needed. At most `max_queued_lookups` more wait for one, in order; a further one fails.
///
/// A cancel takes effect at once. A look-up that still waits for a thread is withdrawn. The resolver cannot be
/// interrupted: a look-up that has begun keeps its thread until the resolver has an answer or gives up.
///
/// A port is nothing but digits, from 0 to 65535. A numeric address is read as `endpoint::from_address` reads it, and
/// with a numeric port needs no look-up. `std::errc::invalid_argument` for a NUL, and for what only the resolver would
/// take for an address or a port: "127.1", "0x7f000001", "*", " 80".
[[nodiscard]] STRAIT_API task<std::vector<endpoint>> resolve(std::string_view host, std::string_view service);
/// The same for "host:port" or, of an IPv6 address, "[address]:port".
[[nodiscard]] STRAIT_API task<std::vector<endpoint>> resolve(std::string_view host_and_port);

/// The greatest number of look-ups that the system's resolver is asked for at the same time.
inline constexpr unsigned max_concurrent_lookups = 16;
/// The greatest number of look-ups that wait for a thread; more than a host has ports to connect from.
inline constexpr std::size_t max_queued_lookups = 65'536;

}  // namespace strait
