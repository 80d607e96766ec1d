// Reads and writes of what stays in the kernel. They wait, end and fail as those of memory do.
#pragma once

#include "strait/core/detail/spliced_bytes.hpp"
#include "strait/net/socket_stream.hpp"

namespace strait::detail {

class splice_access {
 public:
  /// A read of some of what has come into `bytes`, which must be empty. 0 is the end of the stream, unless
  /// `bytes.is_refused()`.
  static transfer_operation read(socket_stream& from, spliced_bytes& bytes) noexcept {
    return operation(from, io_operation::kind::splice_in, bytes);
  }
  /// A write of some of `bytes`, which must not be empty.
  static transfer_operation write(socket_stream& to, spliced_bytes& bytes) noexcept {
    return operation(to, io_operation::kind::splice_out, bytes);
  }

 private:
  static transfer_operation operation(socket_stream& on, io_operation::kind kind, spliced_bytes& bytes) noexcept {
    return transfer_operation(
        {on.socket_, kind, transfer_request::amount::some, const_buffer(&bytes, spliced_bytes::most)});
  }
};

}  // namespace strait::detail
