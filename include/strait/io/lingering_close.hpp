// lingering_close: a close that does not take back the last reply.
#pragma once

#include "strait/base/chrono.hpp"
#include "strait/base/error.hpp"
#include "strait/core/task.hpp"
#include "strait/core/timeout.hpp"
#include "strait/io/stream.hpp"

namespace strait {
namespace detail {

template <stream Stream>
task<> end_and_hear_out(Stream& stream) {
  co_await end_writing(stream);
  char dropped[4096];
  while (co_await stream.read(dropped) != 0) {}
}

}  // namespace detail

/// Ends this side's stream, reads what the peer still sends until it ends its own, and closes; waits for that for
/// `limit` at most. No error of the peer's is reported: there is nothing more to be had from it.
///
/// A socket that is closed while there is something to be read resets the connection, and the peer may lose a reply
/// that has reached it already (RFC 1122, 4.2.2.13; RFC 9112, 9.6). So close like this after an answer to somebody who
/// has not been heard out: "too long", "busy", "what is that?".
///
/// In a canceled scope it closes at once.
template <stream Stream>
task<> lingering_close(Stream& stream, std::chrono::nanoseconds limit = std::chrono::seconds(2)) {
  try {
    co_await timeout(limit, detail::end_and_hear_out(stream));
  } catch (error const&) {
  } catch (canceled const&) {
    stream.close();
    throw;
  }
  stream.close();
}

}  // namespace strait
