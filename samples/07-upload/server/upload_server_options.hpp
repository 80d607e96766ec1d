// The command line of upload_server.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "options/server_options.hpp"
#include "server/inbox.hpp"

struct upload_server_options : samples::server_options {
  std::string folder;
  samples::upload::inbox_rules rules;
  std::uint64_t min_rate = 1024;  // bytes per second; 0: any

  /// Ends the program itself after --help, --version and wrong usage.
  [[nodiscard]] static upload_server_options read(int argc, char** argv);
};
