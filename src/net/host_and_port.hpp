// host:port: the one grammar by which endpoints and names with a port are read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strait::detail {

/// The parts of "127.0.0.1:5000", "[::1]:5000" or "example.org:http". `host` has no brackets. Its parts are not checked
/// further; only an IPv6 address contains a colon, and only in brackets.
struct host_and_port {
  std::string_view host;
  std::string_view port;
  std::string_view problem;  // if it is not empty, the parts are
};

[[nodiscard]] host_and_port split_host_and_port(std::string_view text) noexcept;

/// From 0 to 65535, in nothing but digits.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text) noexcept;

/// What is wrong with a host and a service before the system is asked for them; empty if nothing is. getaddrinfo reads
/// them as C strings, and some of them not as what they seem to be.
[[nodiscard]] std::string_view problem_of_names(std::string const& host, std::string const& service) noexcept;

}  // namespace strait::detail
