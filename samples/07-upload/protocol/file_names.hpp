// The names under which files may be stored.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace samples::upload {

inline constexpr std::size_t longest_name = 4000;  ///< in bytes
inline constexpr std::size_t longest_part = 255;   ///< in bytes
inline constexpr std::size_t most_parts = 100;
/// So a server's own files begin.
inline constexpr std::string_view reserved_prefix = ".upload-";

/// Why `name` is none, as a sentence that can be shown: "a name must not begin with /"; nothing if it is a good one,
/// that is one that is well-formed, leads nowhere but down, and does no harm to a terminal's user.
[[nodiscard]] std::optional<std::string> check_name(std::string_view name);

}  // namespace samples::upload
