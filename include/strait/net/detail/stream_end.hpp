// is_at_end: what a server asks before it closes a stream.
#pragma once

namespace strait {

class socket_stream;

namespace detail {

/// Whether `stream`, which is open, has been read to the end that its peer has set. Does not wait, and takes nothing.
[[nodiscard]] bool is_at_end(socket_stream const& stream) noexcept;

}  // namespace detail
}  // namespace strait
