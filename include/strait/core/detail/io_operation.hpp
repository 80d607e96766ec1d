// The part of an input or output operation that an engine works on.
#pragma once

#include <cstddef>

#include "strait/base/buffer.hpp"
#include "strait/core/detail/branch.hpp"

namespace strait::detail {

/// Given to an engine's socket, which moves data and then calls `io_done`. Lives in the awaiting coroutine's frame.
class io_operation : public operation {
 public:
  enum class kind : unsigned char { read, write, accept, connect, wait_readable };

  explicit io_operation(kind what, const_buffer buffer = {}) noexcept : buffer_(buffer), what_(what) {}

  // What to do: set before it is started.
  const_buffer
      buffer_;  ///< read: where to (the memory is mutable); write: where from; accept: room for the peer's address
  const_buffers more_;  ///< read, write: what to go on with when `buffer_` is done, if the system can take it along
  // How it ended: valid in and after `io_done`.
  std::size_t moved_ = 0;  ///< bytes that this attempt moved; of an accept, the new descriptor, owned by the operation
  int error_ = 0;          ///< errno; 0 for success
  // Last, so that derived classes use up the word.
  kind const what_;

  /// The engine has ended the operation. Never called from inside `start` or `cancel`.
  virtual void io_done() noexcept = 0;

 protected:
  ~io_operation() = default;
  void run_work() noexcept override { io_done(); }
};

}  // namespace strait::detail
