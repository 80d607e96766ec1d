// escaped, bytes_literal: received bytes as text that is safe to print on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace samples {

/// Returns `bytes` with the backslash and everything but printable ASCII escaped, such as \t for a tab and \xc3\xa9
/// for é in UTF-8.
[[nodiscard]] std::string escaped(std::string_view bytes);

/// Returns the same as a bytes literal, as Python prints it: b'caf\xc3\xa9'
[[nodiscard]] std::string bytes_literal(std::string_view bytes);

}  // namespace samples
