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

/// Whether a terminal shows it as something visible, and does nothing else. Not printable are control and format
/// characters, characters that change the direction of the text around them, characters that are invisible
/// (Default_Ignorable_Code_Point) or blank other than U+0020, and noncharacters. Joiners and variation selectors are
/// printable: they change the shape of the character before them. Where they do not, `printable` escapes them.
[[nodiscard]] bool is_printable(char32_t code_point) noexcept;

/// Whether it is U+0020 or one of the other spaces of Unicode (general category Zs), which are not printable.
[[nodiscard]] bool is_blank(char32_t code_point) noexcept;

/// How many columns of a terminal it takes: 0, 1, or 2 as most of Chinese, Japanese and Korean does.
[[nodiscard]] std::size_t columns(char32_t code_point) noexcept;

/// `text` in which everything is escaped that is not printable or not UTF-8 (as \x1b), and joiners and variation
/// selectors that have no visible effect where they stand. A backslash stays as it is.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace samples
