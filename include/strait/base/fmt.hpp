// Includes the lightest header of fmt that declares fmt::print, fmt::formatter and format strings: core.h, or base.h in
// versions without it. (Looking for base.h first could find that of another version of fmt in /usr/include.)
#pragma once

#if __has_include(<fmt/core.h>)
#include <fmt/core.h>
#else
#include <fmt/base.h>
#endif

namespace strait::detail {

/// Returns the text of a `fmt::format_string`. fmt 9 has only an implicit conversion, which fmt 12 deprecates.
template <class FormatString>
fmt::string_view format_text(FormatString const& format) noexcept {
  if constexpr (requires { format.get(); }) {
    return format.get();
  } else {
    return format;
  }
}

}  // namespace strait::detail
