#include "tcp_proxy_options.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include <unistd.h>

#include "options/command_line.hpp"

namespace {

/// Parses "example.org:80", "127.0.0.1:80" or "[::1]:80".
bool parse_upstream(std::string_view text, tcp_proxy_options& into) {
  auto const colon = text.rfind(':');
  if (colon == text.npos) return false;
  auto host = text.substr(0, colon);
  bool const has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!has_brackets && host.find_first_of("[]:") != host.npos)) return false;

  auto const port = text.substr(colon + 1);
  auto const [end, failed] = std::from_chars(port.data(), port.data() + port.size(), into.upstream_port);
  into.upstream_host = host;
  return failed == std::errc() && end == port.data() + port.size() && into.upstream_port != 0;
}

/// Returns how many connections the descriptor limit allows: each needs two, and a quarter is reserved for other uses.
std::size_t max_connections_by_descriptors() {
  long const descriptors = ::sysconf(_SC_OPEN_MAX);
  if (descriptors < 0) return SIZE_MAX;  // no limit
  return static_cast<std::size_t>(std::max(1L, (descriptors / 4 * 3 - 16) / 2));
}

}  // namespace

tcp_proxy_options tcp_proxy_options::read(int argc, char** argv) {
  tcp_proxy_options options;
  samples::command_line line("Forwards TCP connections to another server.");
  auto const store = [&](std::string const& text) {
    if (!parse_upstream(text, options))
      throw CLI::ValidationError("UPSTREAM", fmt::format("\"{}\" is not HOST:PORT or [IPV6-ADDRESS]:PORT", text));
  };
  line.add_option_function<std::string>("UPSTREAM", store, "server to forward to, as HOST:PORT or [IPV6-ADDRESS]:PORT")
      ->type_name("")
      ->required();
  add_server_options(
      line, options,
      {.max_connections = "maximum number of concurrent connections; further ones are closed at once; limited further "
                          "by the descriptor limit of the process",
       .idle_timeout = "close a connection if no data moves in either direction, or if one side accepts no data, for "
                       "this long; 0 disables"});
  line.add_seconds("--connect-timeout", options.connect_timeout, "how long to wait for a connection to UPSTREAM",
                   std::chrono::milliseconds(1));
  line.read_or_exit(argc, argv);
  options.max_connections = std::min(options.max_connections, max_connections_by_descriptors());
  return options;
}
