// The command line of frame_client.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "framing_options.hpp"

struct frame_client_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5000;
  framing_options framing;
  std::uint64_t count = 1;                                      // how often all messages are sent
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);  // 0: no limit
  bool quiet = false;
  std::vector<std::string> messages;

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static frame_client_options read(int argc, char** argv);
};
