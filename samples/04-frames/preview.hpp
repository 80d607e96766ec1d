// preview: enough of a message to know it again.
#pragma once

#include <string>
#include <string_view>

/// "6 bytes, b'second'": of a long one, the first 40 bytes, and an ellipsis.
[[nodiscard]] std::string preview(std::string_view message);
