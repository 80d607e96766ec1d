// io_operation: an input or output operation as an engine sees it.
#pragma once

#include <cstddef>

#include "strait/base/buffer.hpp"
#include "strait/base/export.hpp"
#include "strait/core/detail/branch.hpp"

namespace strait::detail {

/// Passed to an engine's socket, which transfers data and then calls `io_done`. Stored in the frame of the awaiting
/// coroutine.
class STRAIT_API io_operation : public operation {
 public:
  /// The kinds alternate: those of output operations are odd.
  enum class kind : unsigned char {
    read,
    write,
    splice_in,
    splice_out,
    recvfrom,
    sendto,
    recv_batch,
    send_batch,
    accept,
    connect,
    wait_readable,
    send_file,
    read_borrowed
  };

  /// The maximum number of buffers in one attempt, and in one datagram.
  static constexpr std::size_t max_buffers = 64;

  /// The size of the block that a read_borrowed allocates when there is something to read.
  static constexpr std::size_t borrowed_block_size = 16 * 1024;

  explicit io_operation(kind what, const_buffer buffer = {}) noexcept : buffer_(buffer), what_(what) {}

  // The request: set before the operation is started.
  /// read, recvfrom: the memory to fill (it is mutable); write, sendto: the bytes to send; accept: memory for the
  /// peer's address; batches: an array of `engine::message`; read_borrowed: null and the maximum number of bytes, then
  /// the bytes read, at the end of a block of `borrowed_block_size` bytes from `allocate_frame`, which the operation
  /// owns; splice_in, splice_out: the `spliced_bytes`, and the maximum number of bytes; send_file: the `file_part`.
  const_buffer buffer_;
  const_buffers more_;  ///< further buffers: a datagram uses all of them; a read or write as many as fit in one call
  // The result: valid in and after `io_done`.
  /// The number of bytes transferred; for a batch, of messages; for an accept, the new descriptor, which the operation
  /// owns.
  std::size_t moved_ = 0;
  int error_ = 0;  ///< errno; 0 for success
  // Last, so that the members of derived classes fill its padding.
  kind const what_;

  /// Whether the operation belongs to the output direction of the socket; both directions are independent.
  [[nodiscard]] bool is_output() const noexcept { return (static_cast<unsigned char>(what_) & 1) != 0; }

  /// Called when the operation has completed or failed. Never called from inside `start` or `cancel`.
  virtual void io_done() noexcept = 0;

 protected:
  ~io_operation() = default;
  void run_work() noexcept override { io_done(); }
};

/// The additional members of a recvfrom or a sendto.
class STRAIT_API datagram_operation : public io_operation {
 public:
  using io_operation::io_operation;

  /// A `sockaddr`. sendto: the receiver; null for the address that the socket is connected to. recvfrom: memory for the
  /// sender's address; null if it is not needed.
  void* name_ = nullptr;
  unsigned name_size_ = 0;     ///< in bytes; after a recvfrom, the size of the sender's address
  bool is_truncated_ = false;  ///< after a recvfrom: the datagram was longer than the buffers
  /// Set if the kernel does not signal when the receiver's queue has room again: then a sendto to a full queue ends
  /// with EAGAIN.
  bool ends_if_full_ = false;

 protected:
  ~datagram_operation() = default;
};

/// Whether `operation` must be tried even if the last one would have blocked.
[[nodiscard]] inline bool ends_if_full(io_operation const& operation) noexcept {
  using kind = io_operation::kind;
  return (operation.what_ == kind::sendto || operation.what_ == kind::send_batch) &&
         static_cast<datagram_operation const&>(operation).ends_if_full_;
}

}  // namespace strait::detail
