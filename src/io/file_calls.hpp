// System calls on files. All may wait for a disk, and so belong on the thread pool, but for those that say otherwise.
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

/// How far a read or a write has come. `code` is 0 or an errno.
struct file_transfer {
  std::size_t transferred = 0;
  int code = 0;
};

/// `path`, without what would cut the text of a message short.
[[nodiscard]] std::string shown(std::string_view path);
/// Throws `error` with `context` if the system would see only the front of `path`.
void refuse_nul(std::string_view path, std::string_view context);

/// For open(2).
[[nodiscard]] int open_flags(open_options const& options) noexcept;
/// Makes a system call, which gives -1 and errno if it fails, until no signal interrupts it.
template <class F>
[[nodiscard]] auto uninterrupted(F call) noexcept {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

[[nodiscard]] file_status::kind kind_of(mode_t mode) noexcept;
[[nodiscard]] file_status status_from(struct stat const& from) noexcept;

/// What is in the system's memory of the file from `offset` on. Does not wait, and may be called anywhere. Nothing: the
/// system does not know, or has to ask the disk.
[[nodiscard]] std::optional<std::size_t> read_in_memory(int descriptor, std::uint64_t offset,
                                                        mutable_buffer into) noexcept;
/// Whether a file, of which there was something in memory, ends at or before `offset`. Does not wait.
[[nodiscard]] bool ends_before(int descriptor, std::uint64_t offset) noexcept;

/// What has no offsets, a pipe, is read and written where it is.
[[nodiscard]] file_transfer read_once_at(int descriptor, std::uint64_t offset, mutable_buffer into) noexcept;
[[nodiscard]] file_transfer write_all_at(int descriptor, std::uint64_t offset, const_buffer from) noexcept;

/// fsync(2), or what does as much. Gives 0 or an errno.
[[nodiscard]] int sync_to_disk(int descriptor) noexcept;

}  // namespace strait::detail
