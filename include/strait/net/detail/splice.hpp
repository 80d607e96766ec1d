// Reads and writes of data that stays in the kernel. They wait, end and fail like those of memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "strait/base/export.hpp"
#include "strait/core/detail/file_part.hpp"
#include "strait/core/detail/spliced_bytes.hpp"
#include "strait/net/socket_stream.hpp"

namespace strait::detail {

class STRAIT_API splice_access {
 public:
  /// Reads some of the data that has arrived, at most `most` bytes, into `bytes`, which must have room for them. 0
  /// means end of stream, unless `bytes.is_refused()` or `bytes.is_full()`.
  static transfer_operation read(socket_stream& from, spliced_bytes& bytes,
                                 std::size_t most = spliced_bytes::max_size) noexcept {
    return operation(from, io_operation::kind::splice_in, &bytes, most);
  }
  /// Writes some of `bytes`, which must not be empty.
  static transfer_operation write(socket_stream& to, spliced_bytes& bytes) noexcept {
    return operation(to, io_operation::kind::splice_out, &bytes, spliced_bytes::max_size);
  }
  /// Writes some of `part`, which must not be empty. 0 means end of file, unless `part.is_missing()` or
  /// `part.is_refused()`.
  static transfer_operation write(socket_stream& to, file_part& part) noexcept {
    return operation(to, io_operation::kind::send_file, &part, file_part::max_size);
  }
  /// Called before a thread of the pool reads the stream, so that arriving data does not wake the loop needlessly.
  static void leave_loop(socket_stream& from) noexcept;
  /// Counts `bytes` that were read outside of an operation.
  static void have_read(socket_stream& from, std::uint64_t bytes) noexcept;
  /// Records that the stream failed with `code`, an errno that the system does not report again.
  static void failed(socket_stream& from, int code) noexcept;

 private:
  static transfer_operation operation(socket_stream& on, io_operation::kind kind, void* what,
                                      std::size_t most) noexcept {
    return transfer_operation({on.socket_, kind, transfer_request::amount::some, const_buffer(what, most)});
  }
};

}  // namespace strait::detail
