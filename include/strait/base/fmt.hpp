// fmt::print, fmt::formatter and format strings, by the lightest header of fmt that has them: core.h, as long as there
// is one. (Looking for base.h first would find that of another fmt 11 or 12 in /usr/include.)
#pragma once

#if __has_include(<fmt/core.h>)
#include <fmt/core.h>
#else
#include <fmt/base.h>
#endif

namespace strait::detail {

/// The text of a `fmt::format_string`. fmt 9 knows only the conversion, which fmt 12 deprecates.
template <class FormatString>
fmt::string_view format_text(FormatString const& format) noexcept {
  if constexpr (requires { format.get(); }) {
    return format.get();
  } else {
    return format;
  }
}

}  // namespace strait::detail
