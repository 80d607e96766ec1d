// The part of an input or output operation that an engine works on.
#pragma once

#include <cstddef>

#include "strait/base/buffer.hpp"
#include "strait/core/detail/branch.hpp"

namespace strait::detail {

/// Given to an engine's socket, which moves data and then calls `io_done`. Lives in the awaiting coroutine's frame.
class io_operation : public operation {
 public:
  /// In pairs: what is output is odd.
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

  /// So many buffers go into one attempt, and make a datagram at most.
  static constexpr std::size_t max_buffers = 64;

  /// The size of the memory that a read_borrowed takes when there is something to read.
  static constexpr std::size_t borrowed_block_size = 16 * 1024;

  explicit io_operation(kind what, const_buffer buffer = {}) noexcept : buffer_(buffer), what_(what) {}

  // What to do: set before it is started.
  /// read, recvfrom: where to (the memory is mutable); write, sendto: where from; accept: room for the peer's address;
  /// batches: the `engine::message`s; read_borrowed: null and how many bytes at most, then where they are: at the end
  /// of a block of `borrowed_block_size` bytes from `allocate_frame`, which is the operation's; splice_in, splice_out:
  /// the `spliced_bytes`, and how many bytes at most; send_file: the `file_part`.
  const_buffer buffer_;
  const_buffers
      more_;  ///< what follows `buffer_`: of a read or write if the system can take it along; of a datagram all
  // How it ended: valid in and after `io_done`.
  /// Bytes that this attempt moved; of a batch, messages; of an accept, the new descriptor, owned by the operation.
  std::size_t moved_ = 0;
  int error_ = 0;  ///< errno; 0 for success
  // Last, so that derived classes use up the word.
  kind const what_;

  /// Of the two directions of a socket, which are independent of each other, it is the output's.
  [[nodiscard]] bool is_output() const noexcept { return (static_cast<unsigned char>(what_) & 1) != 0; }

  /// The engine has ended the operation. Never called from inside `start` or `cancel`.
  virtual void io_done() noexcept = 0;

 protected:
  ~io_operation() = default;
  void run_work() noexcept override { io_done(); }
};

/// What a recvfrom or a sendto has besides.
class datagram_operation : public io_operation {
 public:
  using io_operation::io_operation;

  /// sendto: where to, null for where the socket is connected to; recvfrom: room for where from, null if it does not
  /// matter. Both as the system has it.
  void* name_ = nullptr;
  unsigned name_size_ = 0;     ///< in bytes; after a recvfrom, of what is in `name_`
  bool is_truncated_ = false;  ///< after a recvfrom: the datagram was longer than the buffers
  /// The system does not tell when there is room again: for want of it, a sendto ends with EAGAIN.
  bool ends_if_full_ = false;

 protected:
  ~datagram_operation() = default;
};

/// Whether `operation` is to be tried whatever the last one has met with.
[[nodiscard]] inline bool ends_if_full(io_operation const& operation) noexcept {
  using kind = io_operation::kind;
  return (operation.what_ == kind::sendto || operation.what_ == kind::send_batch) &&
         static_cast<datagram_operation const&>(operation).ends_if_full_;
}

}  // namespace strait::detail
