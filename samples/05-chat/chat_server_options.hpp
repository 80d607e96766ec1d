// The command line of chat_server.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "options/server_options.hpp"

struct chat_server_options : samples::server_options {
  std::size_t queue = 1000;  // messages
  std::size_t history = 50;  // messages; at most half of `queue`
  std::uint32_t rate = 20;   // lines per second and client; 0: no limit
  std::chrono::nanoseconds write_timeout = std::chrono::seconds(30);

  /// Ends the program itself after --help, --version and wrong usage.
  [[nodiscard]] static chat_server_options read(int argc, char** argv);
};
