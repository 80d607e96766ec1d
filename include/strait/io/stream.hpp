// What a stream is: the concepts that readers, writers, frames and copies stand on.
//
// `tcp::stream`, `local::stream` and `duplex_stream` are streams, and so is any class of yours that reads and writes as
// they do. What the operations must mean:
//
// - `read(into)` gives at least one byte, as many as there are and fit; 0 is the end of the stream, or an empty buffer.
// - `write(from)` takes all of the bytes, in order, and gives their number. `from` is one buffer, or several.
// - `shutdown_write()` ends what this side writes; the other side reads to the end of it, then 0. Reading goes on.
// - What has moved bytes is never reported as canceled: a read gives what it has; a write that is cut short throws
//   `canceled`, `timed_out` or `error` with the number in `transferred()`.
// - One task at a time may read, and one write.
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

/// Can be read: see the top of this file.
template <class S>
concept read_stream = requires(S& stream, mutable_buffer into) {
  { stream.read(into) } -> detail::transfers;
};

/// Can be written to: see the top of this file.
template <class S>
concept write_stream = requires(S& stream, const_buffer from, const_buffers several) {
  { stream.write(from) } -> detail::transfers;
  { stream.write(several) } -> detail::transfers;
};

/// Can be read and written to, and ends its writing: see the top of this file.
template <class S>
concept stream = read_stream<S> && write_stream<S> && requires(S& stream) { stream.shutdown_write(); };

namespace detail {

/// Ends what `stream` writes, and awaits that where it takes its time, as over TLS.
template <class Stream>
task<> end_writing(Stream& stream) {
  if constexpr (requires { requires awaitable<decltype(stream.shutdown_write())>; }) co_await stream.shutdown_write();
  else stream.shutdown_write();
  co_return;
}

}  // namespace detail
}  // namespace strait
