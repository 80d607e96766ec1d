// Queries about a stream that is about to be closed.
#pragma once

#include <cstdint>

#include "strait/base/export.hpp"

namespace strait {

class socket_stream;

namespace detail {

/// Whether all data has been read from `stream` and its peer has ended it. `stream` must be open. Does not wait, and
/// consumes nothing.
[[nodiscard]] STRAIT_API bool is_at_end(socket_stream const& stream) noexcept;
/// The number of bytes written to `stream` that the peer's system has not acknowledged but still may; 0 where the
/// system does not report it. `stream` must be open.
[[nodiscard]] STRAIT_API std::int64_t undelivered_bytes(socket_stream const& stream) noexcept;

}  // namespace detail
}  // namespace strait
