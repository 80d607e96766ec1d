// The options that all servers of the samples take.
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
  std::uint16_t port = 5000;       // 0: the system chooses
  unsigned threads = 1;
  std::size_t max_connections = 10'000;
  std::size_t max_connections_per_peer = 0;  // 0: no limit
  std::chrono::nanoseconds idle_timeout{0};  // 0: none
  std::chrono::nanoseconds drain = std::chrono::seconds(5);
  bool quiet = false;

  [[nodiscard]] strait::endpoint where() const;
};

/// What --help says about those of the options that do not mean the same to every server.
struct server_option_texts {
  std::string max_connections = "connections at a time; any more are closed at once";
  std::string max_connections_per_peer =
      "connections at a time from one IPv4 address or IPv6 /64 network; any more are closed at once; 0: no limit";
  std::string idle_timeout = "close connections that are silent for so long; 0: never";
  std::string drain = "how long connections may go on after SIGINT or SIGTERM";
  std::string quiet = "say nothing about single connections";
};

/// Adds them to `line`, which must be read before `into` ends. A server with options of its own then adds these.
void add_server_options(command_line& line, server_options& into, server_option_texts const& texts = {});

/// Reads the command line of a server without options of its own. Ends the program itself after --help, --version and
/// wrong usage. `description` is what the server does, in a sentence.
[[nodiscard]] server_options read_server_options(int argc, char** argv, std::string const& description);

}  // namespace samples
