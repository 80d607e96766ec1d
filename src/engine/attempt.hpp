// attempt: tries an operation once, by non-blocking system calls.
#pragma once

#include <cerrno>

#include <sys/socket.h>

#include "strait/base/export.hpp"
#include "strait/core/detail/io_operation.hpp"

namespace strait::engine {

enum class attempt_outcome {
  would_block,  ///< nothing was transferred; wait until the descriptor is ready
  ended,        ///< complete or failed; the result is in the operation
  drained,      ///< complete, and the socket's receive queue is now empty, or its send buffer full
};

/// Sets the result of a read or write of `wanted` bytes whose system call has returned `moved`, and returns its
/// outcome.
[[nodiscard]] inline attempt_outcome outcome_of_transfer(detail::io_operation& operation, ssize_t moved,
                                                         std::size_t wanted) noexcept {
  if (moved < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return attempt_outcome::would_block;
    operation.error_ = errno;
    operation.moved_ = 0;
    return attempt_outcome::ended;
  }
  operation.error_ = 0;
  operation.moved_ = static_cast<std::size_t>(moved);
  return operation.moved_ < wanted ? attempt_outcome::drained : attempt_outcome::ended;
}

/// `attempt` for all operations but reads and writes with a single buffer.
[[nodiscard]] STRAIT_API attempt_outcome attempt_other(int descriptor, detail::io_operation& operation) noexcept;

/// Tries `operation` on `descriptor` once. Interrupted calls are repeated, and so is accept when a connection fails
/// before it is accepted; after many such connections it ends with EAGAIN, so that other branches get their turn.
[[nodiscard]] inline attempt_outcome attempt(int descriptor, detail::io_operation& operation) noexcept {
  using kind = detail::io_operation::kind;
  if (!operation.more_.empty() || operation.what_ > kind::write) return attempt_other(descriptor, operation);
  auto const size = operation.buffer_.size();
  ssize_t moved;
  do {
    // MSG_NOSIGNAL: writing to a closed connection is an error of this write, not a SIGPIPE for the process.
    moved = operation.what_ == kind::read ? ::recv(descriptor, const_cast<void*>(operation.buffer_.data()), size, 0)
                                          : ::send(descriptor, operation.buffer_.data(), size, MSG_NOSIGNAL);
  } while (moved < 0 && errno == EINTR);
  return outcome_of_transfer(operation, moved, size);
}

}  // namespace strait::engine
