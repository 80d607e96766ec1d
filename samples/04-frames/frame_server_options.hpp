// The command line of frame_server.
#pragma once

#include <chrono>

#include "framing_options.hpp"
#include "options/server_options.hpp"

struct frame_server_options : samples::server_options {
  framing_options framing;
  std::chrono::nanoseconds message_timeout = std::chrono::seconds(60);

  /// Ends the program itself after --help, --version and wrong usage.
  [[nodiscard]] static frame_server_options read(int argc, char** argv);
};
