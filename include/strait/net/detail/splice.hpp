// Reads and writes of what stays in the kernel. They wait, end and fail as those of memory do.
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
  /// A read of some of what has come, `most` bytes at most, into `bytes`, where there must be room for them. 0 is the
  /// end of the stream, unless `bytes.is_refused()` or `bytes.is_full()`.
  static transfer_operation read(socket_stream& from, spliced_bytes& bytes,
                                 std::size_t most = spliced_bytes::max_size) noexcept {
    return operation(from, io_operation::kind::splice_in, &bytes, most);
  }
  /// A write of some of `bytes`, which must not be empty.
  static transfer_operation write(socket_stream& to, spliced_bytes& bytes) noexcept {
    return operation(to, io_operation::kind::splice_out, &bytes, spliced_bytes::max_size);
  }
  /// A write of some of `part`, which must not be empty. 0 is the end of the file, unless `part.is_missing()` or
  /// `part.is_refused()`.
  static transfer_operation write(socket_stream& to, file_part& part) noexcept {
    return operation(to, io_operation::kind::send_file, &part, file_part::max_size);
  }
  /// Before a thread of the pool reads the stream: what comes is not to wake the loop for nothing.
  static void leave_loop(socket_stream& from) noexcept;
  /// It has read so many bytes: they count as any.
  static void have_read(socket_stream& from, std::uint64_t bytes) noexcept;
  /// It has met with `code`, an errno, which the system does not repeat.
  static void failed(socket_stream& from, int code) noexcept;

 private:
  static transfer_operation operation(socket_stream& on, io_operation::kind kind, void* what,
                                      std::size_t most) noexcept {
    return transfer_operation({on.socket_, kind, transfer_request::amount::some, const_buffer(what, most)});
  }
};

}  // namespace strait::detail
