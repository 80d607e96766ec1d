// Sending of files from the system's memory, without a copy. Linux has it.
#pragma once

#include "engine/attempt.hpp"

namespace strait::engine {

/// A send_file, once.
[[nodiscard]] attempt_outcome send_file(int descriptor, detail::io_operation& operation) noexcept;

}  // namespace strait::engine
