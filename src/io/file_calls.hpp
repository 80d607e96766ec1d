// System calls on files. They may wait for a disk, and must run on the thread pool, unless documented otherwise.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "strait/base/buffer.hpp"
#include "strait/io/file.hpp"

namespace strait::detail {

/// The result of a read or a write. `code` is 0 or an errno.
struct file_transfer {
  std::size_t transferred = 0;
  int code = 0;
};

/// `path` with NULs escaped, which would truncate the text of a message.
[[nodiscard]] std::string shown(std::string_view path);
/// Throws `error` with `context` if `path` contains a NUL, at which the system would truncate it.
void refuse_nul(std::string_view path, std::string_view context);

/// The flags for open(2).
[[nodiscard]] int open_flags(open_options const& options) noexcept;
/// Calls `call`, a system call that returns -1 and sets errno on failure, and repeats it while a signal interrupts it.
template <class F>
[[nodiscard]] auto uninterrupted(F call) noexcept {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

[[nodiscard]] file_status::kind kind_of(mode_t mode) noexcept;
[[nodiscard]] file_status status_from(struct stat const& from) noexcept;

/// Reads from the page cache at `offset`. Does not wait, and may be called on any thread. Returns nothing if the data
/// is not cached or the system does not support it.
[[nodiscard]] std::optional<std::size_t> read_in_memory(int descriptor, std::uint64_t offset,
                                                        mutable_buffer into) noexcept;
/// Whether a file, of which some data was cached, ends at or before `offset`. Does not wait.
[[nodiscard]] bool ends_before(int descriptor, std::uint64_t offset) noexcept;

/// For files without positions, such as pipes, offsets are ignored.
[[nodiscard]] file_transfer read_once_at(int descriptor, std::uint64_t offset, mutable_buffer into) noexcept;
[[nodiscard]] file_transfer write_all_at(int descriptor, std::uint64_t offset, const_buffer from) noexcept;

/// fsync(2), or its equivalent. Returns 0 or an errno.
[[nodiscard]] int sync_to_disk(int descriptor) noexcept;

}  // namespace strait::detail
