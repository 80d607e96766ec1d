// The command line of tcp_proxy.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "options/server_options.hpp"

struct tcp_proxy_options : samples::server_options {
  std::string upstream_host;  // a name or an address
  std::uint16_t upstream_port = 0;
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(10);

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static tcp_proxy_options read(int argc, char** argv);
};
