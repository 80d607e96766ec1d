// UTF-8: characters out of bytes that claim to be it, and what a terminal makes of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace samples {

struct utf8_character {
  char32_t code_point = 0;
  std::size_t size = 1;   // in bytes
  bool is_valid = false;  // if not, it is one byte that is no UTF-8 (RFC 3629), or not there
};

/// The first character of `text`, which is not empty.
[[nodiscard]] utf8_character first_character(std::string_view text) noexcept;

/// Of how many bytes a character is that begins with this one: 1 to 4, and 1 for bytes with which none begins.
[[nodiscard]] std::size_t size_of_character(char first_byte) noexcept;

/// Whether a terminal shows it, and does nothing else: no control character, none that changes the direction of the
/// text around it, and none that cannot be seen at all. (Joiners can: they change the shape of their neighbours.)
[[nodiscard]] bool is_printable(char32_t code_point) noexcept;

/// How many columns of a terminal it takes: 0, 1, or 2 as most of Chinese, Japanese and Korean does.
[[nodiscard]] std::size_t columns(char32_t code_point) noexcept;

/// `text` with all that is not printable, or is no UTF-8, escaped: \x1b. A backslash stays as it is.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace samples
