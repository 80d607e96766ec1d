// The version of strait, as macros and as a constant. CMake reads it from this file.
#pragma once

#include <string_view>

#define STRAIT_VERSION_MAJOR 0
#define STRAIT_VERSION_MINOR 2
#define STRAIT_VERSION_PATCH 0

/// The version as one number, for comparisons: 0.2.0 is 200, and 1.12.3 is 11203.
#define STRAIT_VERSION (STRAIT_VERSION_MAJOR * 10000 + STRAIT_VERSION_MINOR * 100 + STRAIT_VERSION_PATCH)

#define STRAIT_DETAIL_TEXT(tokens) #tokens
#define STRAIT_DETAIL_TEXT_OF_VERSION(major, minor, patch) STRAIT_DETAIL_TEXT(major.minor.patch)

/// The version as text: "0.2.0".
#define STRAIT_VERSION_STRING \
  STRAIT_DETAIL_TEXT_OF_VERSION(STRAIT_VERSION_MAJOR, STRAIT_VERSION_MINOR, STRAIT_VERSION_PATCH)

namespace strait {

/// The version as text, `STRAIT_VERSION_STRING`.
inline constexpr std::string_view library_version = STRAIT_VERSION_STRING;

}  // namespace strait
