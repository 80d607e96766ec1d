// The command line of time_server.
#pragma once

#include <cstdint>

#include "options/server_options.hpp"
#include "time_format.hpp"

struct time_server_options : samples::server_options {
  time_format format = time_format::ctime;
  std::uint32_t rate_limit = 100;  // answers per second and source; 0: no limit

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static time_server_options read(int argc, char** argv);
};
