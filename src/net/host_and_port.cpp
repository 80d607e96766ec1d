// Splitting host:port, and validation of what is passed to getaddrinfo.
#include "net/host_and_port.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "strait/net/endpoint.hpp"

namespace strait::detail {
namespace {

constexpr std::string_view no_port = "the port is missing; expected host:port";

host_and_port refused(std::string_view problem) noexcept { return {{}, {}, problem}; }

bool is_digit(char each) noexcept { return each >= '0' && each <= '9'; }
bool is_letter(char each) noexcept { return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z'); }
bool is_graphic(char each) noexcept { return each > ' ' && each < '\x7f'; }

/// getaddrinfo accepts what strtoul accepts: leading white space, a sign, the low 16 bits of larger numbers; and "" and
/// "*" as 0.
std::string_view problem_of_service(std::string_view service) noexcept {
  if (parse_port(service)) return {};
  if (service.find('\0') != service.npos) return "the port contains a NUL character";
  bool const is_name = !service.empty() && (is_digit(service.front()) || is_letter(service.front())) &&
                       std::all_of(service.begin(), service.end(), is_graphic) &&
                       !std::all_of(service.begin(), service.end(), is_digit);
  if (is_name) return {};
  return "the port is neither a number from 0 to 65535 nor a service name";
}

std::string_view problem_of_host(std::string const& host) noexcept {
  if (host.empty()) return "the host is empty";
  if (host.find('\0') != host.npos) return "the host contains a NUL character";
  if (endpoint::from_address(host, 0)) return {};
  // getaddrinfo takes "*" for the loopback address, and "127.1", "0x7f.1" and "2130706433" for addresses, as inet_aton
  // does. No other part of this library accepts them.
  in_addr legacy;
  if (host == "*" || host.find(':') != host.npos || ::inet_aton(host.c_str(), &legacy) != 0)
    return "the host is neither a name nor a numeric address";
  return {};
}

}  // namespace

host_and_port split_host_and_port(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    auto const end = text.find(']');
    if (end == text.npos) return refused("the closing bracket is missing");
    auto const host = text.substr(1, end - 1);
    auto const rest = text.substr(end + 1);
    if (host.find(':') == host.npos) return refused("only an IPv6 address may be in brackets");
    if (rest.size() < 2 || rest.front() != ':') return refused(no_port);
    if (rest.find(':', 1) != rest.npos) return refused("the port contains a colon");
    return {host, rest.substr(1), {}};
  }
  auto const colon = text.find(':');
  if (colon == text.npos || colon + 1 == text.size()) return refused(no_port);
  if (text.find(':', colon + 1) != text.npos)
    return refused("more than one colon; write an IPv6 address in brackets: [::1]:5000");
  return {text.substr(0, colon), text.substr(colon + 1), {}};
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::string_view problem_of_names(std::string const& host, std::string const& service) noexcept {
  auto const problem = problem_of_host(host);
  return problem.empty() ? problem_of_service(service) : problem;
}

}  // namespace strait::detail
