// Parsing and formatting of addresses.
#include "strait/net/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "net/host_and_port.hpp"
#include "strait/base/error.hpp"

namespace strait {
namespace {

// RFC 4291, section 2.5.5.2: an IPv4-mapped IPv6 address, ::ffff:192.0.2.1.
constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// Interface names take precedence, as in getaddrinfo: an interface may be named "7" whatever its index is.
std::optional<std::uint32_t> parse_scope(std::string_view text) noexcept {
  if (text.empty() || text.find('\0') != text.npos) return std::nullopt;
  std::uint32_t index = 0;
  if (text.size() < IF_NAMESIZE) {
    char name[IF_NAMESIZE] = {};
    text.copy(name, text.size());
    index = ::if_nametoindex(name);
    if (index != 0) return index;
  }
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return index;
}

/// Text that `parse_scope` accepts.
std::string scope_text(std::uint32_t index) {
  char name[IF_NAMESIZE];
  if (::if_indextoname(index, name)) return name;
  auto number = std::to_string(index);
  while (::if_nametoindex(number.c_str()) != 0)
    number.insert(0, 1, '0');  // an interface with another index has that name
  return number;
}

struct parsed {
  std::optional<endpoint> value;
  std::string_view problem;
};

parsed parse_endpoint(std::string_view text) noexcept {
  auto const parts = detail::split_host_and_port(text);
  if (!parts.problem.empty()) return {{}, parts.problem};
  auto const port = detail::parse_port(parts.port);
  if (!port) return {{}, "the port is not a number from 0 to 65535"};
  if (parts.host == "localhost") return {endpoint::loopback_v4(*port), {}};
  auto const value = endpoint::from_address(parts.host, *port);
  if (!value) return {{}, "the host is neither a numeric address nor localhost"};
  return {value, {}};
}

}  // namespace

std::optional<endpoint> endpoint::try_parse(std::string_view text) noexcept { return parse_endpoint(text).value; }

endpoint endpoint::parse(std::string_view text) {
  auto const result = parse_endpoint(text);
  if (!result.value)
    throw error(std::make_error_code(std::errc::invalid_argument), fmt::format("bad endpoint \"{}\"", text),
                result.problem);
  return *result.value;
}

std::optional<endpoint> endpoint::from_address(std::string_view address, std::uint16_t port) noexcept {
  endpoint made;
  made.port_ = port;
  auto const percent = address.find('%');
  bool const has_scope = percent != address.npos;
  if (has_scope) {
    auto const scope = parse_scope(address.substr(percent + 1));
    if (!scope) return std::nullopt;
    made.scope_ = *scope;
    address = address.substr(0, percent);
  }
  char text[INET6_ADDRSTRLEN] = {};
  if (address.size() >= sizeof text || address.find('\0') != address.npos) return std::nullopt;
  address.copy(text, address.size());
  if (!has_scope && ::inet_pton(AF_INET, text, made.address_.data()) == 1) return made;
  made.version_ = 6;
  if (::inet_pton(AF_INET6, text, made.address_.data()) != 1) return std::nullopt;
  if (made.unmap() && has_scope) return std::nullopt;
  return made;
}

bool endpoint::unmap() noexcept {
  if (!std::equal(mapped_prefix.begin(), mapped_prefix.end(), address_.begin())) return false;
  std::copy(address_.begin() + mapped_prefix.size(), address_.end(), address_.begin());
  std::fill(address_.begin() + 4, address_.end(), std::uint8_t{0});
  version_ = 4;
  scope_ = 0;
  return true;
}

// Field by field: these run for every datagram, and a wide copy would stall on narrow stores.

endpoint endpoint::from_sockaddr(void const* address, std::size_t size) noexcept {
  endpoint made;
  auto const* const from = static_cast<unsigned char const*>(address);
  auto const take = [from](auto& field, std::size_t offset) { std::memcpy(&field, from + offset, sizeof field); };
  sa_family_t family = AF_UNSPEC;
  in_port_t port = 0;
  if (size >= offsetof(sockaddr, sa_data)) take(family, offsetof(sockaddr, sa_family));
  if (family == AF_INET && size >= sizeof(sockaddr_in)) {
    in_addr_t v4;
    take(v4, offsetof(sockaddr_in, sin_addr));
    take(port, offsetof(sockaddr_in, sin_port));
    std::memcpy(made.address_.data(), &v4, sizeof v4);
  } else if (family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    take(made.address_, offsetof(sockaddr_in6, sin6_addr));
    take(made.scope_, offsetof(sockaddr_in6, sin6_scope_id));
    take(port, offsetof(sockaddr_in6, sin6_port));
    made.version_ = 6;
    made.unmap();
  }
  made.port_ = ntohs(port);
  return made;
}

std::size_t endpoint::to_sockaddr(void* into) const noexcept {
  static_assert(max_sockaddr_size >= sizeof(sockaddr_in6) && max_sockaddr_size >= sizeof(sockaddr_in));
  auto* const to = static_cast<unsigned char*>(into);
  auto const put = [to](auto const& field, std::size_t offset) { std::memcpy(to + offset, &field, sizeof field); };
  in_port_t const port = htons(port_);
  sa_family_t const family = is_v4() ? AF_INET : AF_INET6;
  if (is_v4()) {
    std::memset(to, 0, sizeof(sockaddr_in));
    in_addr_t v4;
    std::memcpy(&v4, address_.data(), sizeof v4);
    put(v4, offsetof(sockaddr_in, sin_addr));
    put(port, offsetof(sockaddr_in, sin_port));
  } else {
    std::memset(to, 0, sizeof(sockaddr_in6));
    put(address_, offsetof(sockaddr_in6, sin6_addr));
    put(scope_, offsetof(sockaddr_in6, sin6_scope_id));
    put(port, offsetof(sockaddr_in6, sin6_port));
  }
  put(family, offsetof(sockaddr, sa_family));
  return is_v4() ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

std::string endpoint::address() const {
  char text[INET6_ADDRSTRLEN];
  ::inet_ntop(is_v4() ? AF_INET : AF_INET6, address_.data(), text, sizeof text);
  if (scope_ == 0) return text;
  return fmt::format("{}%{}", text, scope_text(scope_));
}

std::string endpoint::to_string() const {
  return is_v4() ? fmt::format("{}:{}", address(), port_) : fmt::format("[{}]:{}", address(), port_);
}

}  // namespace strait

auto fmt::formatter<strait::endpoint>::format(strait::endpoint const& what, fmt::format_context& context) const
    -> fmt::format_context::iterator {
  return fmt::formatter<fmt::string_view>::format(fmt::string_view(what.to_string()), context);
}

// FNV-1a over everything that `operator==` compares.
std::size_t std::hash<strait::endpoint>::operator()(strait::endpoint const& of) const noexcept {
  std::uint64_t sum = 0xcbf29ce484222325u;
  auto const add = [&](std::uint64_t byte) { sum = (sum ^ byte) * 0x100000001b3u; };
  for (auto const byte : of.address_) add(byte);
  add(of.version_);
  for (int shift = 0; shift != 32; shift += 8) add((of.scope_ >> shift) & 0xff);
  add(of.port_ & 0xffu);
  add(of.port_ >> 8);
  return static_cast<std::size_t>(sum);
}
