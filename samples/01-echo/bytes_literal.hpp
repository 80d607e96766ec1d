// bytes_literal: bytes in a form that any terminal can show.
#pragma once

#include <string>
#include <string_view>

/// `bytes` as Python prints them: b'what is not printable ASCII is escaped: \xe2\x80\x9c'
[[nodiscard]] std::string bytes_literal(std::string_view bytes);
