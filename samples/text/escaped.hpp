// escaped, bytes_literal: bytes from others in a form that can upset no terminal.
#pragma once

#include <string>
#include <string_view>

namespace samples {

/// `bytes` with all but printable ASCII escaped, and the backslash with it: a tab\t, an e with an accent \xc3\xa9
[[nodiscard]] std::string escaped(std::string_view bytes);

/// The same as Python prints them: b'what is not printable ASCII is escaped: \xe2\x80\x9c'
[[nodiscard]] std::string bytes_literal(std::string_view bytes);

}  // namespace samples
