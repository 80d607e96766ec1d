// peer: the other end of a connection.
#pragma once

#include <string>
#include <type_traits>

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
  explicit peer(tcp::stream const& connection) : is_ip_(true), ip_(connection.remote_endpoint()) {}
  /// The process at the other end of a local stream.
  explicit peer(local::stream const& connection) : is_ip_(false), credentials_(connection.peer_credentials()) {}

  /// The IP endpoint; null for a Unix-domain socket.
  [[nodiscard]] endpoint const* ip() const noexcept { return is_ip_ ? &ip_ : nullptr; }
  /// The process; null for IP.
  [[nodiscard]] local::credentials const* credentials() const noexcept { return is_ip_ ? nullptr : &credentials_; }

  /// "127.0.0.1:5000" or "process 4711 of user 1000".
  [[nodiscard]] std::string to_string() const;

 private:
  // (A std::variant would cost every user's compilation a tenth of a second.)
  static_assert(std::is_trivially_copyable_v<endpoint> && std::is_trivially_copyable_v<local::credentials>);
  bool is_ip_;
  union {
    endpoint ip_;
    local::credentials credentials_;
  };
};

}  // namespace strait

/// Takes the format specifications of strings: "{:>21}".
template <>
struct STRAIT_API fmt::formatter<strait::peer> : fmt::formatter<fmt::string_view> {
  auto format(strait::peer const& what, fmt::format_context& context) const -> fmt::format_context::iterator;
};
