// send_file, receive_file: send a file over a stream, and receive a file from a stream.
//
// Between a file and a socket (`tcp::stream`, `local::stream`), data stays in the kernel where that is faster (sendfile
// and splice, on Linux). Over any other stream, and where the kernel does not support it, the same functions copy
// through memory. A slow disk does not block the loop: data that is not in the page cache is read on the thread pool,
// and all data is written there.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>

#include "strait/base/buffer.hpp"
#include "strait/base/error.hpp"
#include "strait/base/export.hpp"
#include "strait/base/hook.hpp"
#include "strait/core/task.hpp"
#include "strait/io/buffered_reader.hpp"
#include "strait/io/copy.hpp"
#include "strait/io/detail/peer_name.hpp"
#include "strait/io/file.hpp"
#include "strait/io/stream.hpp"
#include "strait/net/socket_stream.hpp"

namespace strait {

/// A progress hook. Called on the loop's thread with the number of bytes moved since the transfer began: after every 64
/// KiB or more (about 50 times a second in a fast transfer), and at the end. An exception from it ends the transfer.
using transfer_progress = hook<void(std::uint64_t)>;

/// Thrown by `receive_file` when writing the file fails, for example because the disk is full.
class STRAIT_API file_write_failed : public error {
 public:
  /// An error with `code`, of which `stored` bytes are in the file and `received` have been read from the stream.
  file_write_failed(std::error_code code, std::string_view context, std::uint64_t stored, std::uint64_t received);
  /// The number of bytes received from the stream. The first `transferred()` of them are in the file, the others are
  /// lost. A protocol can use it to skip the rest of the data and continue.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

 private:
  std::uint64_t received_;
};

namespace detail {

/// What to transfer between a file and a stream, and the progress.
class transfer_account {
 public:
  transfer_account(file& with, std::uint64_t offset, std::uint64_t count, transfer_progress progress) noexcept
      : file_(with), offset_(offset), count_(count), progress_(progress) {}
  transfer_account(transfer_account const&) = delete;
  transfer_account& operator=(transfer_account const&) = delete;

  [[nodiscard]] file& what() const noexcept { return file_; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// The number of bytes that have reached their destination: the stream, when a file is sent, or the file, when one is
  /// received.
  [[nodiscard]] std::uint64_t moved() const noexcept { return moved_; }
  void add_moved(std::uint64_t size) noexcept { moved_ += size; }
  /// The offset in the file of the next byte.
  [[nodiscard]] std::uint64_t position() const noexcept { return offset_ + moved_; }
  [[nodiscard]] std::uint64_t left() const noexcept { return count_ - moved_; }

  /// The number of bytes received from the stream.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  void add_received(std::uint64_t size) noexcept { received_ += size; }
  [[nodiscard]] std::uint64_t wanted() const noexcept { return count_ - received_; }

  /// Calls the progress hook, if it is due.
  void report_progress() {
    if (!progress_ || (moved_ - reported_ < report_interval && left() != 0) || moved_ == reported_) return;
    reported_ = moved_;
    progress_(moved_);
  }

 private:
  static constexpr std::uint64_t report_interval = 64 * 1024;
  file& file_;
  std::uint64_t const offset_;
  std::uint64_t const count_;
  std::uint64_t moved_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t reported_ = 0;
  transfer_progress progress_;
};

/// The size of blocks that are copied through memory.
inline constexpr std::size_t transfer_block = 256 * 1024;
/// The number of received bytes that is worth a write to the file.
inline constexpr std::size_t worth_a_write = 64 * 1024;

/// The memory of a transfer.
class STRAIT_API transfer_memory {
 public:
  explicit transfer_memory(std::uint64_t count);
  transfer_memory(transfer_memory const&) = delete;
  transfer_memory& operator=(transfer_memory const&) = delete;
  ~transfer_memory();
  [[nodiscard]] mutable_buffer first(std::uint64_t size) const noexcept;

 private:
  std::size_t size_;
  char* bytes_;
};

/// Called before anything is read from a stream. Throws `errc::closed` if the file is closed.
STRAIT_API void require_open(transfer_account const& transfer);
/// Reads from the file, at the transfer's position, as much as one read returns. Throws `unexpected_end` at the end of
/// the file.
STRAIT_API task<std::size_t> read_contents(transfer_account& transfer, mutable_buffer into);
/// Writes `bytes`, which have been received, to the file, even if the task is canceled, and reports the progress.
/// Throws `file_write_failed`.
STRAIT_API task<> store_contents(transfer_account& transfer, const_buffer bytes);
[[noreturn]] STRAIT_API void throw_write_failed(transfer_account const& transfer, std::error_code code);
[[noreturn]] STRAIT_API void throw_stream_ended(transfer_account const& transfer, std::string const& peer);
/// Throws `failure`, with the transfer's counts.
[[noreturn]] STRAIT_API void throw_transfer_failed(std::exception_ptr const& failure, transfer_account const& transfer);

template <class Stream>
task<> send_by_memory(Stream& to, transfer_account& transfer) {
  transfer_memory const memory(transfer.left());
  while (transfer.left() != 0) {
    auto const block = memory.first(transfer.left());
    auto const size = co_await read_contents(transfer, block);
    std::size_t sent = 0;
    std::exception_ptr failure;
    try {
      sent = co_await to.write(const_buffer(block.data(), size));
    } catch (...) {
      failure = std::current_exception();
      sent = moved_before(failure);
    }
    transfer.add_moved(sent);
    if (failure) std::rethrow_exception(failure);
    transfer.report_progress();
  }
}

/// Receives `most` bytes, or up to end of stream: it then returns false.
template <class Stream>
task<bool> receive_by_memory(Stream& from, transfer_account& transfer, std::uint64_t most) {
  if (most > transfer.wanted()) most = transfer.wanted();
  transfer_memory const memory(most);
  while (most != 0) {
    auto const block = memory.first(most);
    std::size_t got = 0;
    bool has_ended = false;
    std::exception_ptr failure;
    try {
      while (got < worth_a_write && got < block.size() && !has_ended) {
        auto const rest = mutable_buffer(static_cast<char*>(block.data()) + got, block.size() - got);
        auto const size = co_await from.read(rest);
        has_ended = size == 0;
        got += size;
      }
    } catch (...) {
      failure = std::current_exception();
    }
    most -= got;
    transfer.add_received(got);
    if (got != 0) co_await store_contents(transfer, const_buffer(block.data(), got));
    if (failure) std::rethrow_exception(failure);
    if (has_ended) co_return false;
  }
  co_return true;
}

STRAIT_API task<> send_over_socket(socket_stream& to, transfer_account& transfer);
/// If the stream ends early, fewer bytes than wanted have been received.
STRAIT_API task<> receive_over_socket(socket_stream& from, transfer_account& transfer);

template <class Stream>
task<> send_contents(Stream& to, transfer_account& transfer) {
  if constexpr (std::derived_from<Stream, socket_stream>)
    co_await send_over_socket(static_cast<socket_stream&>(to), transfer);
  else co_await send_by_memory(to, transfer);
}

template <class Stream>
task<> receive_contents(Stream& from, transfer_account& transfer) {
  if constexpr (std::derived_from<Stream, socket_stream>)
    co_await receive_over_socket(static_cast<socket_stream&>(from), transfer);
  else co_await receive_by_memory(from, transfer, transfer.wanted());
  if (transfer.wanted() != 0) throw_stream_ended(transfer, peer_name(from));
}

/// Writes buffered bytes of the reader to the file, and then consumes them.
template <class Stream>
task<> receive_buffered(buffered_reader<Stream>& from, transfer_account& transfer) {
  auto bytes = from.buffered();
  if (bytes.size() > transfer.wanted()) bytes = bytes.substr(0, static_cast<std::size_t>(transfer.wanted()));
  auto const before = transfer.moved();
  std::exception_ptr failure;
  std::error_code refusal;
  try {
    co_await store_contents(transfer, bytes);
  } catch (file_write_failed const& e) {
    refusal = e.code();
  } catch (...) {
    failure = std::current_exception();
  }
  auto const size = static_cast<std::size_t>(transfer.moved() - before);
  from.consume(size);
  transfer.add_received(size);
  if (refusal) throw_write_failed(transfer, refusal);
  if (failure) std::rethrow_exception(failure);
}

/// A writer that is tied to the reader is flushed, by `peek`, before the reader waits for the stream.
template <class Stream>
task<> receive_contents(buffered_reader<Stream>& from, transfer_account& transfer) {
  if (!from.buffered().empty() && transfer.wanted() != 0) co_await receive_buffered(from, transfer);
  if (transfer.wanted() == 0) co_return;
  auto const more = co_await from.peek();
  if (more.empty()) throw_stream_ended(transfer, peer_name(from.stream()));
  co_await receive_buffered(from, transfer);
  if (transfer.wanted() != 0) co_await receive_contents(from.stream(), transfer);
}

template <class From>
task<std::uint64_t> receive_into(From& from, transfer_account& transfer) {
  require_open(transfer);
  std::exception_ptr failure;
  try {
    co_await receive_contents(from, transfer);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) throw_transfer_failed(failure, transfer);
  co_return transfer.moved();
}

}  // namespace detail

/// Sends `count` bytes of the file `from`, starting at `offset`, to the stream `to`. Returns `count`. Does not end the
/// stream. Both must exist until it completes, and no other task may write to the stream meanwhile.
///
/// If the file ends early, throws `unexpected_end`, which names the file. After cancellation, a time-out or an error,
/// `transferred()` is the number of bytes that the stream accepted. Changes that others make to the file meanwhile may
/// or may not be sent.
///
///     auto const what = co_await book.status();
///     co_await send_file(peer, book, 0, what.size);
template <write_stream Stream>
task<std::uint64_t> send_file(Stream& to, file& from, std::uint64_t offset, std::uint64_t count,
                              transfer_progress progress = {}) {
  detail::transfer_account transfer(from, offset, count, progress);
  std::exception_ptr failure;
  try {
    co_await detail::send_contents(to, transfer);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) detail::throw_transfer_failed(failure, transfer);
  co_return transfer.moved();
}

/// Receives exactly `count` bytes from the stream and writes them to the file, starting at `offset`. Returns `count`.
/// Both must exist until it completes, and no other task may read the stream meanwhile. On completion the bytes are in
/// the file; they survive a crash of the system only after `to.sync()`.
///
/// After cancellation, a time-out, an error or an early end of the stream (`unexpected_end`), everything received has
/// been written before the operation ends, and `transferred()` is the number of bytes in the file, starting at `offset`
/// without a gap. If writing the file fails, throws `file_write_failed`, which states how many bytes are lost.
///
///     co_await receive_file(peer, part, offset, size - offset);
///     co_await part.sync();
template <read_stream Stream>
task<std::uint64_t> receive_file(Stream& from, file& to, std::uint64_t offset, std::uint64_t count,
                                 transfer_progress progress = {}) {
  detail::transfer_account transfer(to, offset, count, progress);
  co_return co_await detail::receive_into(from, transfer);
}

/// The same, first from the buffer of a reader, then from its stream. Data after the `count` bytes may be in the reader
/// afterwards. If writing the file fails, buffered bytes that were not written stay in the reader.
template <read_stream Stream>
task<std::uint64_t> receive_file(buffered_reader<Stream>& from, file& to, std::uint64_t offset, std::uint64_t count,
                                 transfer_progress progress = {}) {
  detail::transfer_account transfer(to, offset, count, progress);
  co_return co_await detail::receive_into(from, transfer);
}

}  // namespace strait
