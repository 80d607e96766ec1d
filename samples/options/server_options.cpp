#include "options/server_options.hpp"

#include <optional>

#include <fmt/format.h>

#include "options/command_line.hpp"

namespace samples {
namespace {

std::optional<strait::endpoint> address_to_listen_on(std::string const& host, std::uint16_t port) {
  if (host == "localhost") return strait::endpoint::loopback_v4(port);
  return strait::endpoint::from_address(host, port);
}

std::string check_host(std::string const& host) {
  if (address_to_listen_on(host, 0)) return {};
  return fmt::format("\"{}\" is neither a numeric address nor localhost", host);
}

}  // namespace

strait::endpoint server_options::where() const { return address_to_listen_on(host, port).value(); }

server_options read_server_options(int argc, char** argv, std::string const& description) {
  server_options options;
  command_line line(description);
  line.add_option("--host", options.host, "address to listen on; 0.0.0.0 or :: for all of this machine's")
      ->check(CLI::Validator(check_host, ""))
      ->type_name("ADDRESS")
      ->capture_default_str();
  line.add_number<std::uint16_t>("--port", options.port, 0, 65535, "port to listen on; 0 lets the system choose");
  line.add_number("--threads", options.threads, 1u, 1024u, "threads that share the work");
  line.add_number<std::size_t>("--max-connections", options.max_connections, 1, 1'000'000,
                               "connections at a time; any more are closed at once");
  line.add_seconds("--idle-timeout", options.idle_timeout, "close connections that are silent for so long; 0: never");
  line.add_seconds("--drain", options.drain, "how long connections may go on after SIGINT or SIGTERM");
  line.add_flag("--quiet", options.quiet, "say nothing about single connections");
  line.read_or_exit(argc, argv);
  return options;
}

}  // namespace samples
