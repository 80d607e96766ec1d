// The command line of frame_server.
#pragma once

#include <chrono>

#include "framing_options.hpp"
#include "options/server_options.hpp"

struct frame_server_options : samples::server_options {
  framing_options framing;
  std::chrono::nanoseconds message_timeout = std::chrono::seconds(60);

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static frame_server_options read(int argc, char** argv);
};
