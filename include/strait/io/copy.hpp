// copy, copy_bidirectional: copy everything from one stream to another.
//
// Between two sockets (`tcp::stream`, `local::stream`, in any combination), bulk data stays in the kernel (splice, on
// Linux), while small messages are copied through memory. While no data is in transit, a copy between sockets holds
// neither buffers nor pipes, so tens of thousands of idle connections can be copied.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>

#include "strait/base/buffer.hpp"
#include "strait/base/error.hpp"
#include "strait/base/export.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/task.hpp"
#include "strait/core/task_group.hpp"
#include "strait/io/buffered_reader.hpp"
#include "strait/io/detail/lent_memory.hpp"
#include "strait/io/stream.hpp"
#include "strait/net/socket_stream.hpp"
#include "strait/net/tcp.hpp"

namespace strait {

/// The result of `copy_bidirectional`: the number of bytes copied in each direction.
struct bidirectional_copy_result {
  /// From the first stream to the second.
  std::uint64_t a_to_b = 0;
  /// From the second stream to the first.
  std::uint64_t b_to_a = 0;
  /// Whether both counts are equal.
  bool operator==(bidirectional_copy_result const&) const = default;
};

namespace detail {

struct copy_progress {
  std::uint64_t written = 0;
  bool is_writing = false;       // so a failure is that of the write
  bool has_lost_source = false;  // the source's connection was lost before its end of stream
  bool has_ended = false;        // the end of stream has been forwarded
};

/// The number of bytes that a write transferred which ended with `failure`.
[[nodiscard]] STRAIT_API std::size_t moved_before(std::exception_ptr const& failure) noexcept;
[[nodiscard]] STRAIT_API bool is_cancel(std::exception_ptr const& failure) noexcept;
/// Throws `failure` with `written` as its `transferred()`, if it has one.
[[noreturn]] STRAIT_API void throw_with_transferred(std::exception_ptr const& failure, std::uint64_t written);

STRAIT_API task<> cancel_soon(cancel_scope& scope);

/// Awaits the write that `make` returns, even if this task is canceled: what can be written without waiting is written.
template <class Make>
task<std::size_t> write_what_fits(Make make) {
  std::size_t moved = 0;
  cancel_scope scope;
  auto attempt = [&]() -> task<> {
    try {
      moved = co_await make();
    } catch (canceled const& c) {
      moved = c.transferred();
    } catch (error const& e) {  // the cancel is what the copy ends with
      moved = e.transferred();
    }
  };
  auto body = [&](task_group& group) -> task<> {
    group.spawn(cancel_soon(scope));
    co_await scope.run(attempt());
  };
  co_await shield(with_task_group(body));
  co_return moved;
}

/// For streams between which data can only be copied through memory.
struct always_memory {
  static constexpr bool wants_splice() noexcept { return false; }
  static constexpr void have_read(std::size_t) noexcept {}
};

/// Copies through memory to the end of the stream (returns true), or until `way` requests splicing (false).
template <class From, class To, class Way>
task<bool> copy_by_memory(From& from, To& to, copy_progress& progress, Way& way) {
  while (!way.wants_splice()) {
    progress.is_writing = false;
    auto const block = co_await read_block(from);
    if (block.empty()) co_return true;
    way.have_read(block.size());
    progress.is_writing = true;
    std::size_t taken = 0;
    std::exception_ptr failure;
    try {
      taken = co_await to.write(const_buffer(block));
    } catch (...) {
      failure = std::current_exception();
      taken = moved_before(failure);
    }
    progress.written += taken;
    if (!failure) continue;
    if (is_cancel(failure)) {
      auto rest = [&] { return to.write(const_buffer(block.data() + taken, block.size() - taken)); };
      progress.written += co_await write_what_fits(rest);
    }
    std::rethrow_exception(failure);
  }
  co_return false;
}

STRAIT_API task<> copy_to_end(socket_stream& from, socket_stream& to, copy_progress& progress);

template <class From, class To>
task<> copy_to_end(From& from, To& to, copy_progress& progress) {
  if constexpr (std::derived_from<From, socket_stream> && std::derived_from<To, socket_stream>) {
    co_await copy_to_end(static_cast<socket_stream&>(from), static_cast<socket_stream&>(to), progress);
  } else {
    always_memory way;
    co_await copy_by_memory(from, to, progress, way);
  }
}

/// Bytes that have not been written stay in the reader.
template <class Stream, class To>
task<> copy_to_end(buffered_reader<Stream>& from, To& to, copy_progress& progress) {
  for (;;) {
    progress.is_writing = false;
    auto const bytes = co_await from.peek();
    if (bytes.empty()) co_return;
    progress.is_writing = true;
    std::size_t taken = 0;
    std::exception_ptr failure;
    try {
      taken = co_await to.write(bytes);
    } catch (...) {
      failure = std::current_exception();
      taken = moved_before(failure);
    }
    from.consume(taken);
    progress.written += taken;
    if (failure) std::rethrow_exception(failure);
  }
}

/// The state that the two directions of a `copy_bidirectional` share.
struct STRAIT_API both_ways {
  /// Records a failure. Returns whether it is the first.
  bool fail(std::exception_ptr const& with, copy_progress const& progress) noexcept;

  copy_progress there;
  copy_progress back;
  int under_way = 2;
  std::exception_ptr failure;             // the first
  copy_progress const* failed = nullptr;  // the direction that failed first
  bool other_may_go_on = false;           // a peer accepts no more data, but what it sent may still be read
};

/// Ends the output of `to`, unless the source's connection was lost, which must not look like an end of stream. (A
/// stream may report the loss only once, and may have reported it to the other direction.)
template <class To>
task<> end_stream(To& to, copy_progress& progress) {
  if (progress.has_lost_source) co_return;
  progress.is_writing = true;
  co_await end_writing(to);
  progress.has_ended = true;
}

/// Completes when the peer's system has acknowledged all data, or has acknowledged none for two seconds.
STRAIT_API task<> delivery(tcp::stream& to);

/// Resets the connection, if the stream supports it, when all data has been delivered; at once if it is canceled.
template <class To>
task<> pass_reset_on(To& to) {
  if constexpr (requires { to.close_with_reset(); }) {
    if constexpr (std::derived_from<To, tcp::stream>) {
      try {
        co_await delivery(to);
      } catch (canceled const&) {}
    }
    to.close_with_reset();
  }
  co_return;
}

/// Reads to the end of the stream and discards the data.
template <class From>
task<> discard(From& from) {
  try {
    while (auto const block = co_await read_block(from)) {}
  } catch (error const&) {}
}

/// One direction of a `copy_bidirectional`. When its destination accepts no more data, it discards what it reads, as
/// long as the other direction continues: a peer that is blocked in sending would not read what the other direction has
/// for it.
template <class From, class To>
task<> copy_one_way(From& from, To& to, copy_progress& progress, both_ways& both, task_group& group) {
  std::exception_ptr failure;
  try {
    co_await copy_to_end(from, to, progress);
    co_await end_stream(to, progress);
  } catch (canceled const&) {
    throw;
  } catch (...) {
    failure = std::current_exception();
  }
  --both.under_way;
  bool const is_first = failure && both.fail(failure, progress);
  if (!both.failure) co_return;
  if (is_first && both.other_may_go_on && both.under_way != 0) co_await discard(from);
  else group.cancel();
}

}  // namespace detail

/// Copies `from` to `to` until end of stream. Returns the number of bytes. Does not end `to`; call
/// `to.shutdown_write()` for that. Until it completes, no other task may read `from` or write `to`, and both must
/// exist.
///
/// If it fails or is canceled, `transferred()` is the number of bytes that `to` accepted; an error states which side it
/// concerns ("read from 10.0.0.1:5000: connection reset by peer"). On cancellation, data that has been read is still
/// written as far as `to` accepts it without waiting; the rest is lost: at most 16 KiB, or 256 KiB between sockets.
/// From a `buffered_reader` nothing is lost: it keeps what has not been written.
///
///     auto const size = co_await copy(client, server);
///     server.shutdown_write();
template <read_stream From, write_stream To>
task<std::uint64_t> copy(From& from, To& to) {
  detail::copy_progress progress;
  std::exception_ptr failure;
  try {
    co_await detail::copy_to_end(from, to, progress);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) detail::throw_with_transferred(failure, progress.written);
  co_return progress.written;
}

/// Copies from `a` to `b` and from `b` to `a` concurrently, as a proxy does. When one stream ends and everything before
/// its end has been written, the other stream's `shutdown_write()` is called, and the opposite direction continues.
/// Completes when both streams have ended. Until then, no other task may use the streams, and both must exist.
///
/// If one direction fails, the other is canceled and the error is thrown; `transferred()` is the number of bytes that
/// the failed direction had written. Exception: if a write fails because the peer accepts no more data, the data that
/// this peer has sent is still delivered, to the end of its stream, and data for it is discarded. A server may respond
/// and close before it has read the whole request. On cancellation, `canceled::transferred` is the sum of both
/// directions.
///
/// **A reset is forwarded**, so that a truncated document does not look complete. If the connection of one stream is
/// lost before its end has been forwarded (reset by its peer, or given up by the kernel), the other stream is closed
/// with `close_with_reset()`, which `tcp::stream` has: its peer reads the data that had arrived, and then gets
/// ECONNRESET. Before that, `copy_bidirectional` waits until the peer has acknowledged all data, at most two seconds
/// without progress. A `local::stream` cannot be reset and is left open. After `timed_out` or cancellation, both
/// streams are left open: call `close_with_reset` if their peers must not take the data for complete.
template <stream A, stream B>
task<bidirectional_copy_result> copy_bidirectional(A& a, B& b) {
  detail::both_ways both;
  auto& there = both.there;
  auto& back = both.back;
  std::exception_ptr end;
  auto body = [&](task_group& group) -> task<> {
    group.spawn(detail::copy_one_way(b, a, back, both, group));
    co_await detail::copy_one_way(a, b, there, both, group);
  };
  try {
    co_await with_task_group(body);
  } catch (...) {
    end = std::current_exception();
  }
  if (end) detail::throw_with_transferred(end, there.written + back.written);
  if (there.has_lost_source && !there.has_ended) co_await detail::pass_reset_on(b);
  if (back.has_lost_source && !back.has_ended) co_await detail::pass_reset_on(a);
  if (both.failure) detail::throw_with_transferred(both.failure, both.failed->written);
  co_return bidirectional_copy_result{there.written, back.written};
}

}  // namespace strait
