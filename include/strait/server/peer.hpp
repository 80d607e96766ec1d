// peer: who is at the other end of a connection.
#pragma once

#include <string>
#include <variant>

#include "strait/base/export.hpp"
#include "strait/base/fmt.hpp"
#include "strait/net/endpoint.hpp"
#include "strait/net/local.hpp"
#include "strait/net/tcp.hpp"

namespace strait {

/// Somebody at an IP endpoint, or a process of this host. A value, printable with fmt.
class STRAIT_API peer {
 public:
  /// The peer of `connection`.
  explicit peer(tcp::stream const& connection) : who_(connection.remote_endpoint()) {}
  explicit peer(local::stream const& connection) : who_(connection.peer_credentials()) {}

  /// Null if it has come over a Unix-domain socket.
  [[nodiscard]] endpoint const* ip() const noexcept { return std::get_if<endpoint>(&who_); }
  /// Null if it has come over IP.
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
