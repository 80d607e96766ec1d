// peer: the other end of a connection.
#pragma once

#include <string>
#include <variant>

#include "strait/base/export.hpp"
#include "strait/base/fmt.hpp"
#include "strait/net/endpoint.hpp"
#include "strait/net/local.hpp"
#include "strait/net/tcp.hpp"

namespace strait {

/// The other end of a connection: an IP endpoint, or a process of this host. A value, printable with fmt.
class STRAIT_API peer {
 public:
  /// The endpoint of the peer of a TCP stream.
  explicit peer(tcp::stream const& connection) : who_(connection.remote_endpoint()) {}
  /// The process at the other end of a local stream.
  explicit peer(local::stream const& connection) : who_(connection.peer_credentials()) {}

  /// The IP endpoint; null for a Unix-domain socket.
  [[nodiscard]] endpoint const* ip() const noexcept { return std::get_if<endpoint>(&who_); }
  /// The process; null for IP.
  [[nodiscard]] local::credentials const* credentials() const noexcept {
    return std::get_if<local::credentials>(&who_);
  }

  /// "127.0.0.1:5000" or "process 4711 of user 1000".
  [[nodiscard]] std::string to_string() const;

 private:
  std::variant<endpoint, local::credentials> who_;
};

}  // namespace strait

/// Takes the format specifications of strings: "{:>21}".
template <>
struct STRAIT_API fmt::formatter<strait::peer> : fmt::formatter<fmt::string_view> {
  auto format(strait::peer const& what, fmt::format_context& context) const -> fmt::format_context::iterator;
};
