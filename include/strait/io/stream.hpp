// The stream concepts, on which readers, writers, frames and copies are based.
//
// `tcp::stream`, `local::stream` and `duplex_stream` are streams, and so is any class that reads and writes as they do.
// The required semantics:
//
// - `read(into)` reads at least one byte, and as many as are available and fit. Its result is their number; 0 means end
//   of stream. `into` is not empty.
// - `write(from)` writes all of the bytes, in order. Its result is their number. `from` is one buffer, or several.
// - `shutdown_write()` ends the output of this side; the other side reads everything before it, then 0. Reading is not
//   affected.
// - An operation that has transferred bytes is never reported as canceled without them: a read returns what it has; a
//   write that is interrupted throws `canceled`, `timed_out` or `error` with the number in `transferred()`.
// - One task at a time may read, and one may write.
#pragma once

#include <concepts>
#include <cstddef>

#include "strait/base/buffer.hpp"
#include "strait/core/task.hpp"

namespace strait {
namespace detail {

template <class A>
concept transfers = awaitable<A> && std::same_as<await_result_t<A>, std::size_t>;

}  // namespace detail

/// A stream that can be read.
template <class S>
concept read_stream = requires(S& stream, mutable_buffer into) {
  { stream.read(into) } -> detail::transfers;
};

/// A stream that can be written.
template <class S>
concept write_stream = requires(S& stream, const_buffer from, const_buffers several) {
  { stream.write(from) } -> detail::transfers;
  { stream.write(several) } -> detail::transfers;
};

/// A stream that can be read, written and ended.
template <class S>
concept stream = read_stream<S> && write_stream<S> && requires(S& stream) { stream.shutdown_write(); };

namespace detail {

/// Ends the output of `stream`, and awaits that if it is an operation, as over TLS.
template <class Stream>
task<> end_writing(Stream& stream) {
  if constexpr (requires { requires awaitable<decltype(stream.shutdown_write())>; }) co_await stream.shutdown_write();
  else stream.shutdown_write();
  co_return;
}

}  // namespace detail
}  // namespace strait
