// The command line of upload_client.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

struct upload_client_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5000;
  std::string into;  // a folder on the server
  unsigned tries = 5;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);  // 0: no limit
  bool quiet = false;
  std::vector<std::string> files;

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static upload_client_options read(int argc, char** argv);
};
