// resolve: names into endpoints.
#pragma once

#include <string_view>
#include <vector>

#include "strait/core/task.hpp"
#include "strait/net/endpoint.hpp"

namespace strait {

/// Looks up `host` (a name, or a numeric address) and `service` (a port number, or a name from /etc/services); gives at
/// least one endpoint, in the order in which they are best tried (RFC 6724). Asks the system's resolver on the thread
/// pool. Throws `error`: `errc::host_not_found`, or what the resolver says. A cancel takes effect at once, and leaves
/// the resolver to finish by itself.
[[nodiscard]] task<std::vector<endpoint>> resolve(std::string_view host, std::string_view service);
/// The same for "host:port" or "[address]:port".
[[nodiscard]] task<std::vector<endpoint>> resolve(std::string_view host_and_port);

}  // namespace strait
