// The part of an input or output operation that an engine works on.
#pragma once

#include <cstddef>

#include "strait/base/buffer.hpp"
#include "strait/core/detail/branch.hpp"

struct sockaddr_storage;

namespace strait::detail {

/// Given to an engine's socket, which moves data and then calls `io_done`. Lives in the awaiting coroutine's frame.
class io_operation : public operation {
 public:
  enum class kind : unsigned char { read, write, accept, connect, wait_readable };

  explicit io_operation(kind what) noexcept : what_(what) {}

  // What to do: set before it is started.
  kind what_;
  mutable_buffer into_;             ///< read
  const_buffer from_;               ///< write
  const_buffers more_;              ///< write: what goes out behind `from_`, if the system can take it along
  mutable_buffers more_into_;       ///< read: where to go on when `into_` is full
  sockaddr_storage* peer_ = nullptr;  ///< accept: where to put the peer's address

  // How it ended: valid in and after `io_done`.
  std::size_t moved_ = 0;  ///< bytes that this attempt moved
  int error_ = 0;          ///< errno; 0 for success
  int accepted_ = -1;      ///< accept: the new descriptor, owned by the operation

  /// The engine has ended the operation. Never called from inside `start` or `cancel`.
  virtual void io_done() noexcept = 0;

 protected:
  ~io_operation() = default;
  void run_work() noexcept override { io_done(); }
};

}  // namespace strait::detail
