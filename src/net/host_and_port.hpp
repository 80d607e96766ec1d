// host:port: the grammar for endpoints and for names with a port.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strait::detail {

/// The parts of "127.0.0.1:5000", "[::1]:5000" or "example.org:http". `host` has no brackets. The parts are not
/// validated, except that only an IPv6 address contains colons, and only in brackets.
struct host_and_port {
  std::string_view host;
  std::string_view port;
  std::string_view problem;  // if not empty, the parts are empty
};

[[nodiscard]] host_and_port split_host_and_port(std::string_view text) noexcept;

/// A number from 0 to 65535, digits only.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text) noexcept;

/// Validates a host and a service before they are passed to the system. Returns what is wrong, or an empty text.
/// getaddrinfo reads C strings, and interprets some of them differently from what they seem to be.
[[nodiscard]] std::string_view problem_of_names(std::string const& host, std::string const& service) noexcept;

}  // namespace strait::detail
