// The command line of the server that the reliability tests run.
#pragma once

#include <cstdint>

#include "options/server_options.hpp"
#include "strait/base/chrono.hpp"
#include "strait/server/serve_options.hpp"

/// A limit of 0 is disabled.
struct server_limits : samples::server_options {
  strait::overload when_full = strait::overload::wait;
  std::chrono::nanoseconds write_timeout{0};
  std::uint64_t minimum_receive_rate = 0;  // bytes per second
  std::chrono::nanoseconds receive_rate_window = std::chrono::seconds(5);
  std::chrono::nanoseconds connection_timeout{0};

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static server_limits read(int argc, char** argv);
  /// Returns the options without hooks.
  [[nodiscard]] strait::serve_options to_serve_options() const;
};
