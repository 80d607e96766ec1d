// The rules for the names of uploaded files.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace samples::upload {

inline constexpr std::size_t longest_name = 4000;  ///< in bytes
inline constexpr std::size_t longest_part = 255;   ///< in bytes
inline constexpr std::size_t max_parts = 100;
/// The prefix of the server's own files.
inline constexpr std::string_view reserved_prefix = ".upload-";

/// Checks that `name` is well-formed, stays within the folder, and is safe to print on a terminal. Returns nothing if
/// so; otherwise returns the reason as a sentence, such as "a name must not begin with /".
[[nodiscard]] std::optional<std::string> check_name(std::string_view name);

}  // namespace samples::upload
