// The command line of echo_client.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

struct echo_client_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5000;
  std::chrono::nanoseconds delay{0};
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);  // 0: no limit
  bool quiet = false;
  std::string file;  // "-" is standard input

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static echo_client_options read(int argc, char** argv);
};
