// One attempt at an operation by non-blocking system calls, as the engines on real descriptors make it.
#pragma once

#include "strait/core/detail/io_operation.hpp"

namespace strait::engine {

enum class attempt_outcome {
  would_block,  ///< nothing happened; wait until the descriptor is ready
  ended,        ///< the result is in the operation
  drained,      ///< the same, and the system had no more to give or to take just then
};

/// Tries `operation` on `descriptor` once. Interrupted calls, and connections that were gone before they were accepted,
/// are tried again.
[[nodiscard]] attempt_outcome attempt(int descriptor, detail::io_operation& operation) noexcept;

}  // namespace strait::engine
