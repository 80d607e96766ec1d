// server_options: the command-line options that all sample servers share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "strait/net/endpoint.hpp"

namespace samples {

class command_line;

struct server_options {
  std::string host = "127.0.0.1";  // a numeric address, or localhost
  std::uint16_t port = 5000;       // 0: the kernel chooses
  unsigned threads = 1;
  std::size_t max_connections = 10'000;
  std::size_t max_connections_per_peer = 0;  // 0: no limit
  std::chrono::nanoseconds idle_timeout{0};  // 0: no limit
  std::chrono::nanoseconds drain = std::chrono::seconds(5);
  bool quiet = false;

  [[nodiscard]] strait::endpoint address() const;
};

/// The --help texts of the options whose meaning differs between servers.
struct server_option_texts {
  std::string max_connections = "maximum number of concurrent connections; further ones are closed at once";
  std::string max_connections_per_peer =
      "maximum number of concurrent connections from one IPv4 address or IPv6 /64 network; further ones are closed at "
      "once; 0 disables";
  std::string idle_timeout = "close a connection that neither sends nor accepts data for this long; 0 disables";
  std::string drain = "how long open connections may continue after SIGINT or SIGTERM";
  std::string quiet = "do not log connections";
};

/// Adds the shared options to `line`. `into` must outlive the parsing of `line`.
void add_server_options(command_line& line, server_options& into, server_option_texts const& texts = {});

/// Reads the command line of a server that has only the shared options. Exits after --help, --version and usage errors.
/// `description` states in one sentence what the server does.
[[nodiscard]] server_options read_server_options(int argc, char** argv, std::string const& description);

}  // namespace samples
