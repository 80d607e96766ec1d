// UTF-8: decodes untrusted bytes into characters, and determines how a terminal displays them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace samples {

struct utf8_character {
  char32_t code_point = 0;
  std::size_t size = 1;   // in bytes
  bool is_valid = false;  // if false, the first byte is not valid UTF-8 (RFC 3629)
};

/// Decodes the first character of `text`, which must not be empty.
[[nodiscard]] utf8_character first_character(std::string_view text) noexcept;

/// Returns the size in bytes of a character whose first byte is `first_byte`: 1 to 4, and 1 if no character begins
/// with this byte.
[[nodiscard]] std::size_t size_of_character(char first_byte) noexcept;

/// Whether a terminal shows the character as something visible and does nothing else. Not printable are: control and
/// format characters, characters that change the direction of the surrounding text, invisible characters
/// (Default_Ignorable_Code_Point), blanks other than U+0020, and noncharacters. Joiners and variation selectors count
/// as printable because they change the shape of the preceding character; where they have no effect, `printable`
/// escapes them.
[[nodiscard]] bool is_printable(char32_t code_point) noexcept;

/// Whether the character is a space of any kind (general category Zs). Of these, only U+0020 is printable.
[[nodiscard]] bool is_blank(char32_t code_point) noexcept;

/// Returns the width of the character in terminal columns: 0, 1, or 2 (most Chinese, Japanese and Korean characters).
[[nodiscard]] std::size_t columns(char32_t code_point) noexcept;

/// Returns `text` with every byte escaped (as \x1b) that is not printable or not valid UTF-8, including joiners and
/// variation selectors that have no visible effect. Backslashes are not escaped.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace samples
