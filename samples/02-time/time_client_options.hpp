// The command line of time_client.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

struct time_client_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5000;
  std::chrono::nanoseconds timeout = std::chrono::seconds(1);  // of each try
  unsigned tries = 3;
  unsigned count = 1;

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static time_client_options read(int argc, char** argv);
};
