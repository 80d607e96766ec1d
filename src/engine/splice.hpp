// Splicing: bytes from socket to socket through a pipe, without a copy. Linux has it.
#pragma once

#include "engine/attempt.hpp"

namespace strait::engine {

/// A splice_in or a splice_out, once.
[[nodiscard]] attempt_outcome splice_in(int descriptor, detail::io_operation& operation) noexcept;
[[nodiscard]] attempt_outcome splice_out(int descriptor, detail::io_operation& operation) noexcept;

}  // namespace strait::engine
