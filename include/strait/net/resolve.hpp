// resolve: looks up host and service names.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/net/endpoint.hpp"

namespace strait {

/// Looks up `host` (a name or a numeric address) and `service` (a port number, or a name from /etc/services). Returns
/// at least one endpoint, sorted by preference (RFC 6724). Throws `error`: `errc::host_not_found` if the name does not
/// exist or the resolver fails, or `std::errc::resource_unavailable_try_again` if too many lookups are queued, see
/// below.
///
/// Lookups call the system's blocking resolver on at most `max_concurrent_lookups` threads, which all loops of the
/// process share and which are started on demand. These threads do nothing else, so file operations and
/// `on_thread_pool` never wait for a name server. At most `max_queued_lookups` further lookups wait for a thread, in
/// order; beyond that, lookups fail.
///
/// Cancellation takes effect at once. A lookup that still waits for a thread is withdrawn. The resolver itself cannot
/// be interrupted: a lookup that has begun occupies its thread until the resolver returns.
///
/// A port must be digits only, from 0 to 65535. A numeric address is parsed as `endpoint::from_address` does; a numeric
/// address with a numeric port needs no lookup. `std::errc::invalid_argument` is thrown for an embedded NUL, and for
/// text that only the resolver would accept as an address or a port: "127.1", "0x7f000001", "*", " 80".
[[nodiscard]] STRAIT_API task<std::vector<endpoint>> resolve(std::string_view host, std::string_view service);
/// The same for "host:port" or, with an IPv6 address, "[address]:port".
[[nodiscard]] STRAIT_API task<std::vector<endpoint>> resolve(std::string_view host_and_port);

/// The maximum number of lookups that run at the same time.
inline constexpr unsigned max_concurrent_lookups = 16;
/// The maximum number of lookups that wait for a thread. More than the number of ports that a host can connect from.
inline constexpr std::size_t max_queued_lookups = 65'536;

}  // namespace strait
