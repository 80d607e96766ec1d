// lingering_close: closes a stream without losing the last reply.
#pragma once

#include "strait/base/chrono.hpp"
#include "strait/base/error.hpp"
#include "strait/core/task.hpp"
#include "strait/core/timeout.hpp"
#include "strait/io/stream.hpp"

namespace strait {
namespace detail {

template <stream Stream>
task<> end_and_discard_input(Stream& stream) {
  co_await end_writing(stream);
  char dropped[4096];
  while (co_await stream.read(dropped) != 0) {}
}

}  // namespace detail

/// Ends the output of this side, reads and discards what the peer still sends until it ends its own, and closes the
/// stream; waits at most `limit` for that. Errors of the peer are ignored.
///
/// A socket that is closed while it has unread data resets the connection, and the peer may lose a reply that has
/// already arrived (RFC 1122, 4.2.2.13; RFC 9112, 9.6). Use this to close after a reply to a request that has not been
/// read completely, such as "too long", "busy" or "bad request".
///
/// In a canceled scope it closes at once.
template <stream Stream>
task<> lingering_close(Stream& stream, std::chrono::nanoseconds limit = std::chrono::seconds(2)) {
  try {
    co_await timeout(limit, detail::end_and_discard_input(stream));
  } catch (error const&) {
  } catch (canceled const&) {
    stream.close();
    throw;
  }
  stream.close();
}

}  // namespace strait
