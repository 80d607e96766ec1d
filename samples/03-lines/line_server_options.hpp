// The command line of line_server.
#pragma once

#include <chrono>
#include <cstddef>

#include "options/server_options.hpp"

struct line_server_options : samples::server_options {
  std::size_t max_line = 64 * 1024;  // bytes of a line, the LF that ends it not counted
  std::chrono::nanoseconds line_timeout = std::chrono::seconds(60);

  /// Ends the program itself after --help, --version and wrong usage.
  [[nodiscard]] static line_server_options read(int argc, char** argv);
};
