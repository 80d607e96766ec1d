#include "options/server_options.hpp"

#include <optional>

#include <fmt/format.h>

#include "options/command_line.hpp"

namespace samples {
namespace {

std::optional<strait::endpoint> listen_address(std::string const& host, std::uint16_t port) {
  if (host == "localhost") return strait::endpoint::loopback_v4(port);
  return strait::endpoint::from_address(host, port);
}

std::string check_address(std::string const& host) {
  if (listen_address(host, 0)) return {};
  return fmt::format("\"{}\" is neither a numeric address nor localhost", host);
}

}  // namespace

strait::endpoint server_options::address() const { return listen_address(host, port).value(); }

void add_server_options(command_line& line, server_options& into, server_option_texts const& texts) {
  line.add_option("--host", into.host, "address to listen on; 0.0.0.0 or :: for all addresses of this machine")
      ->check(CLI::Validator(check_address, ""))
      ->type_name("ADDRESS")
      ->capture_default_str();
  line.add_number<std::uint16_t>("--port", into.port, 0, 65535, "port to listen on; 0 lets the kernel choose one");
  line.add_number("--threads", into.threads, 1u, 1024u, "number of threads");
  line.add_number<std::size_t>("--max-connections", into.max_connections, 1, 1'000'000, texts.max_connections);
  line.add_number<std::size_t>("--max-connections-per-peer", into.max_connections_per_peer, 0, 1'000'000,
                               texts.max_connections_per_peer);
  line.add_seconds("--idle-timeout", into.idle_timeout, texts.idle_timeout);
  line.add_seconds("--drain", into.drain, texts.drain);
  line.add_flag("--quiet", into.quiet, texts.quiet);
}

server_options read_server_options(int argc, char** argv, std::string const& description) {
  server_options options;
  command_line line(description);
  add_server_options(line, options);
  line.read_or_exit(argc, argv);
  return options;
}

}  // namespace samples
