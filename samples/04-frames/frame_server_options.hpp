// The command line of frame_server.
#pragma once

#include "framing_options.hpp"
#include "options/server_options.hpp"

struct frame_server_options : samples::server_options {
  framing_options framing;

  /// Ends the program itself after --help, --version and wrong usage.
  [[nodiscard]] static frame_server_options read(int argc, char** argv);
};
