// The command line of the server that the reliability tests run.
#pragma once

#include <cstdint>

#include "options/server_options.hpp"
#include "strait/base/chrono.hpp"
#include "strait/server/serve_options.hpp"

/// A limit that is zero does not exist.
struct server_limits : samples::server_options {
  strait::overload when_full = strait::overload::wait;
  std::chrono::nanoseconds write_timeout{0};
  std::uint64_t minimum_receive_rate = 0;  // bytes a second
  std::chrono::nanoseconds receive_rate_window = std::chrono::seconds(5);
  std::chrono::nanoseconds connection_timeout{0};

  /// Ends the program itself after --help, --version and wrong usage.
  [[nodiscard]] static server_limits read(int argc, char** argv);
  /// Without hooks.
  [[nodiscard]] strait::serve_options rules() const;
};
