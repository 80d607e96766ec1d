// What is asked before a stream is closed.
#pragma once

#include <cstdint>

#include "strait/base/export.hpp"

namespace strait {

class socket_stream;

namespace detail {

/// Whether `stream`, which is open, has been read to the end that its peer has set. Does not wait, and takes nothing.
[[nodiscard]] STRAIT_API bool is_at_end(socket_stream const& stream) noexcept;
/// How many bytes written to `stream`, which is open, have not reached the peer's system but still may; 0 where the
/// system does not tell.
[[nodiscard]] STRAIT_API std::int64_t undelivered_bytes(socket_stream const& stream) noexcept;

}  // namespace detail
}  // namespace strait
