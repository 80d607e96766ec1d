// Moves bytes between sockets through a pipe, without copying them to user space. Linux only.
#pragma once

#include "engine/attempt.hpp"

namespace strait::engine {

/// Tries a `splice_in` or `splice_out` operation once.
[[nodiscard]] attempt_outcome splice_in(int descriptor, detail::io_operation& operation) noexcept;
[[nodiscard]] attempt_outcome splice_out(int descriptor, detail::io_operation& operation) noexcept;

}  // namespace strait::engine
