// The command line of line_server.
#pragma once

#include <chrono>
#include <cstddef>

#include "options/server_options.hpp"

struct line_server_options : samples::server_options {
  std::size_t max_line = 64 * 1024;  // bytes of a line, without its LF
  std::chrono::nanoseconds line_timeout = std::chrono::seconds(60);

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static line_server_options read(int argc, char** argv);
};
