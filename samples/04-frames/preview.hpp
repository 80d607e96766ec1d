// preview: the beginning of a message, for logs.
#pragma once

#include <string>
#include <string_view>

/// Returns "6 bytes, b'second'". Of a longer message, it contains only the first 40 bytes and an ellipsis.
[[nodiscard]] std::string preview(std::string_view message);
