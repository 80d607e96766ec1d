// Sends part of a file from the page cache, without copying it to user space. Linux only.
#pragma once

#include "engine/attempt.hpp"

namespace strait::engine {

/// Tries a `send_file` operation once.
[[nodiscard]] attempt_outcome send_file(int descriptor, detail::io_operation& operation) noexcept;

}  // namespace strait::engine
