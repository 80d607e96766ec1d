// The command line of upload_server.
#pragma once

#include <chrono>
#include <string>

#include "options/server_options.hpp"
#include "server/inbox.hpp"
#include "server/upload_session.hpp"

struct upload_server_options : samples::server_options {
  std::string folder;
  samples::upload::inbox_rules rules;
  samples::upload::session_limits limits{.min_rate = 1024, .client_timeout = std::chrono::seconds(30)};

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static upload_server_options read(int argc, char** argv);
};
