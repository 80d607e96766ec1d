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

  /// All of this host's IPv4 addresses: 0.0.0.0.
  [[nodiscard]] static constexpr endpoint any_v4(std::uint16_t port) noexcept { return {4, port}; }
  /// All of this host's IPv6 addresses: [::]. A listener there takes IPv4, too, unless it is `v6_only`.
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

  /// Reads "127.0.0.1:5000", "[::1]:5000", "[fe80::1%eth0]:5000", or "localhost:5000", which is 127.0.0.1. Empty for
  /// anything else; names are what `resolve` is for. An IPv6 address, and nothing else, is in brackets. A port is a
  /// number from 0 to 65535, digits only. A zone (%eth0) is the name of an interface or, if there is none of that name,
  /// its index.
  [[nodiscard]] static std::optional<endpoint> try_parse(std::string_view text) noexcept;
  /// The same; throws `error` that says what is wrong with `text`.
  [[nodiscard]] static endpoint parse(std::string_view text);

  /// Reads a numeric address without port: "127.0.0.1", "::1", "fe80::1%eth0".
  [[nodiscard]] static std::optional<endpoint> from_address(std::string_view address, std::uint16_t port) noexcept;

  /// From the system's form, a sockaddr, of `size` bytes. Gives 0.0.0.0:0 for a family that is not IP. An IPv4-mapped
  /// address becomes the IPv4 address, so `to_sockaddr` then writes a sockaddr_in.
  [[nodiscard]] static endpoint from_sockaddr(void const* address, std::size_t size) noexcept;
  /// To the system's form: `into` has room for `max_sockaddr_size` bytes, as a sockaddr_storage has. Gives how many of
  /// them it has written.
  std::size_t to_sockaddr(void* into) const noexcept;
  /// A sockaddr_in6.
  static constexpr std::size_t max_sockaddr_size = 28;

  /// An IPv4 address.
  [[nodiscard]] constexpr bool is_v4() const noexcept { return version_ == 4; }
  /// An IPv6 address.
  [[nodiscard]] constexpr bool is_v6() const noexcept { return version_ == 6; }
  /// In host byte order.
  [[nodiscard]] constexpr std::uint16_t port() const noexcept { return port_; }
  /// The same address with another port.
  [[nodiscard]] constexpr endpoint with_port(std::uint16_t port) const noexcept {
    endpoint other = *this;
    other.port_ = port;
    return other;
  }

  /// "127.0.0.1" or "fe80::1%eth0": the address as RFC 5952 writes it.
  [[nodiscard]] std::string address() const;
  /// "127.0.0.1:5000" or "[::1]:5000"; `parse` reads it back.
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(endpoint const&, endpoint const&) noexcept = default;
  friend constexpr bool operator==(endpoint const&, endpoint const&) noexcept = default;

 private:
  constexpr endpoint(std::uint8_t version, std::uint16_t port) noexcept : version_(version), port_(port) {}
  /// Of an IPv4-mapped IPv6 address, makes the IPv4 address. Whether it was one.
  bool unmap() noexcept;

  std::uint8_t version_ = 4;
  std::array<std::uint8_t, 16> address_{};  // IPv4: the first four; network byte order
  std::uint32_t scope_ = 0;                 // IPv6: the interface of a link-local address
  std::uint16_t port_ = 0;

  friend struct std::hash<endpoint>;
};

}  // namespace strait

template <>
struct STRAIT_API std::hash<strait::endpoint> {
  std::size_t operator()(strait::endpoint const& of) const noexcept;
};

/// Takes the format specifications of strings: "{:>21}".
template <>
struct STRAIT_API fmt::formatter<strait::endpoint> : fmt::formatter<fmt::string_view> {
  auto format(strait::endpoint const& what, fmt::format_context& context) const -> fmt::format_context::iterator;
};
