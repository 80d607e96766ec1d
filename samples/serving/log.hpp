// log: what a server of the samples has to say about single connections.
#pragma once

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "options/server_options.hpp"

namespace samples {

/// Writes a line to standard error, unless the server is to be quiet. From any thread.
template <class... T>
void log(server_options const& options, fmt::format_string<T...> format, T&&... values) {
  if (!options.quiet) std::fputs((fmt::format(format, std::forward<T>(values)...) + '\n').c_str(), stderr);
}

}  // namespace samples
