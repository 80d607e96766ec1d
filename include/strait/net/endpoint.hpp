// endpoint: an IP address and a port.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "strait/base/fmt.hpp"

#include "strait/base/export.hpp"

namespace strait {

/// An IPv4 or IPv6 address with a port. A value: small, comparable, hashable, printable with fmt.
///
/// An endpoint never holds an IPv4-mapped IPv6 address (::ffff:192.0.2.1), the form in which an IPv6 socket reports an
/// IPv4 peer: it is always converted to the IPv4 address, 192.0.2.1. So the same IPv4 peer compares equal, and has the
/// same text, on an IPv4 and on an IPv6 socket. An IPv6 socket, unless it is `v6_only`, sends and connects to IPv4
/// endpoints.
class STRAIT_API endpoint {
 public:
  /// 0.0.0.0:0
  constexpr endpoint() noexcept = default;

  /// All IPv4 addresses of this host: 0.0.0.0.
  [[nodiscard]] static constexpr endpoint any_v4(std::uint16_t port) noexcept { return {4, port}; }
  /// All IPv6 addresses of this host: [::]. A listener at this endpoint accepts IPv4 connections as well, unless it is
  /// `v6_only`.
  [[nodiscard]] static constexpr endpoint any_v6(std::uint16_t port) noexcept { return {6, port}; }
  /// 127.0.0.1
  [[nodiscard]] static constexpr endpoint loopback_v4(std::uint16_t port) noexcept {
    endpoint made{4, port};
    made.address_[0] = 127;
    made.address_[3] = 1;
    return made;
  }
  /// [::1]
  [[nodiscard]] static constexpr endpoint loopback_v6(std::uint16_t port) noexcept {
    endpoint made{6, port};
    made.address_[15] = 1;
    return made;
  }

  /// Parses "127.0.0.1:5000", "[::1]:5000", "[fe80::1%eth0]:5000", or "localhost:5000", which is 127.0.0.1. Returns an
  /// empty optional for anything else; to look up names, use `resolve`. Only an IPv6 address may be, and must be, in
  /// brackets. A port is a number from 0 to 65535, written in digits only. A zone (%eth0) is the name of an interface
  /// or, if no interface has that name, its index.
  [[nodiscard]] static std::optional<endpoint> try_parse(std::string_view text) noexcept;
  /// The same, but throws `error` with the reason if `text` is not a valid endpoint.
  [[nodiscard]] static endpoint parse(std::string_view text);

  /// Parses a numeric address without a port: "127.0.0.1", "::1", "fe80::1%eth0".
  [[nodiscard]] static std::optional<endpoint> from_address(std::string_view address, std::uint16_t port) noexcept;

  /// Converts from a sockaddr of `size` bytes. Returns 0.0.0.0:0 for families other than IP. An IPv4-mapped address
  /// becomes the IPv4 address, so `to_sockaddr` then writes a sockaddr_in.
  [[nodiscard]] static endpoint from_sockaddr(void const* address, std::size_t size) noexcept;
  /// Converts to a sockaddr. `into` must have room for `max_sockaddr_size` bytes, as sockaddr_storage has. Returns the
  /// number of bytes written.
  std::size_t to_sockaddr(void* into) const noexcept;
  /// The size of a sockaddr_in6, the longest form.
  static constexpr std::size_t max_sockaddr_size = 28;

  /// Whether this is an IPv4 address.
  [[nodiscard]] constexpr bool is_v4() const noexcept { return version_ == 4; }
  /// Whether this is an IPv6 address.
  [[nodiscard]] constexpr bool is_v6() const noexcept { return version_ == 6; }
  /// The port, in host byte order.
  [[nodiscard]] constexpr std::uint16_t port() const noexcept { return port_; }
  /// The same address with another port.
  [[nodiscard]] constexpr endpoint with_port(std::uint16_t port) const noexcept {
    endpoint other = *this;
    other.port_ = port;
    return other;
  }

  /// The address without the port, as RFC 5952 writes it: "127.0.0.1" or "fe80::1%eth0".
  [[nodiscard]] std::string address() const;
  /// "127.0.0.1:5000" or "[::1]:5000"; `parse` accepts the result.
  [[nodiscard]] std::string to_string() const;

  /// Orders endpoints: IPv4 before IPv6, then by address, zone and port.
  friend constexpr std::strong_ordering operator<=>(endpoint const&, endpoint const&) noexcept = default;
  /// Whether address, zone and port are equal.
  friend constexpr bool operator==(endpoint const&, endpoint const&) noexcept = default;

 private:
  constexpr endpoint(std::uint8_t version, std::uint16_t port) noexcept : version_(version), port_(port) {}
  /// Converts an IPv4-mapped IPv6 address to the IPv4 address. Returns whether it was one.
  bool unmap() noexcept;

  std::uint8_t version_ = 4;
  std::array<std::uint8_t, 16> address_{};  // IPv4: the first four; network byte order
  std::uint32_t scope_ = 0;                 // IPv6: the interface of a link-local address
  std::uint16_t port_ = 0;

  friend struct std::hash<endpoint>;
};

}  // namespace strait

/// Hash of an endpoint.
template <>
struct STRAIT_API std::hash<strait::endpoint> {
  std::size_t operator()(strait::endpoint const& of) const noexcept;
};

/// Formats an endpoint. Accepts the format specifications of strings: "{:>21}".
template <>
struct STRAIT_API fmt::formatter<strait::endpoint> : fmt::formatter<fmt::string_view> {
  auto format(strait::endpoint const& what, fmt::format_context& context) const -> fmt::format_context::iterator;
};
