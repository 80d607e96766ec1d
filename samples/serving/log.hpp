// log: writes one line per connection event to standard error.
#pragma once

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "options/server_options.hpp"

namespace samples {

/// Writes a line to standard error unless --quiet is set. May be called from any thread.
template <class... T>
void log(server_options const& options, fmt::format_string<T...> format, T&&... values) {
  if (!options.quiet) std::fputs((fmt::format(format, std::forward<T>(values)...) + '\n').c_str(), stderr);
}

}  // namespace samples
