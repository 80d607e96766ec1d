// System calls on files: differences between systems, and calls that are repeated until everything is done.
#include "io/file_calls.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <system_error>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/signal_block.hpp"
#include "strait/base/error.hpp"

namespace strait::detail {
namespace {

// One more would be a negative off_t, of which -1 has a special meaning for preadv2.
constexpr std::uint64_t last_offset = std::numeric_limits<off_t>::max();

std::int64_t nanoseconds(timespec const& when) noexcept {
  return std::int64_t{when.tv_sec} * 1'000'000'000 + when.tv_nsec;
}

}  // namespace

std::string shown(std::string_view path) {
  std::string text;
  for (char const each : path) {
    if (each == '\0') text += "\\0";
    else text += each;
  }
  return text;
}

void refuse_nul(std::string_view path, std::string_view context) {
  if (path.find('\0') == path.npos) return;
  throw error(std::make_error_code(std::errc::invalid_argument), context, "the path contains a NUL character");
}

int open_flags(open_options const& options) noexcept {
  int flags = O_CLOEXEC | O_NOCTTY;
  switch (options.access) {
    case file_access::read: flags |= O_RDONLY; break;
    case file_access::write: flags |= O_WRONLY; break;
    case file_access::read_write: flags |= O_RDWR; break;
  }
  switch (options.creation) {
    case file_creation::never: break;
    case file_creation::if_missing: flags |= O_CREAT; break;
    case file_creation::exclusive: flags |= O_CREAT | O_EXCL; break;
    case file_creation::truncate: flags |= O_CREAT | O_TRUNC; break;
  }
  return flags;
}

file_status::kind kind_of(mode_t mode) noexcept {
  if (S_ISREG(mode)) return file_status::kind::regular;
  if (S_ISDIR(mode)) return file_status::kind::directory;
  if (S_ISLNK(mode)) return file_status::kind::symbolic_link;
  return file_status::kind::other;
}

file_status status_from(struct stat const& from) noexcept {
#if defined(__APPLE__)
  auto const& modified = from.st_mtimespec;
  auto const& changed = from.st_ctimespec;
#else
  auto const& modified = from.st_mtim;
  auto const& changed = from.st_ctim;
#endif
  return {.type = kind_of(from.st_mode),
          .size = static_cast<std::uint64_t>(from.st_size),
          .permissions = from.st_mode & 07777u,
          .modified_at = nanoseconds(modified),
          .changed_at = nanoseconds(changed)};
}

std::optional<std::size_t> read_in_memory(int descriptor, std::uint64_t offset, mutable_buffer into) noexcept {
#if defined(__linux__) && defined(RWF_NOWAIT)
  if (offset > last_offset) return std::nullopt;
  iovec const part{into.data(), into.size()};
  auto const size = ::preadv2(descriptor, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  if (size >= 0) return static_cast<std::size_t>(size);
#else
  static_cast<void>(descriptor), static_cast<void>(offset), static_cast<void>(into);
#endif
  return std::nullopt;
}

// A short read does not imply end of file: it may have stopped where the page cache ends. Nor does 0: Linux 5.9 and
// 5.10 return it in place of EAGAIN.
bool ends_before(int descriptor, std::uint64_t offset) noexcept {
#if defined(__linux__) && defined(STATX_SIZE)
  // On network file systems, too, this returns what is known locally.
  struct statx known = {};
  if (::statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE, &known) != 0) return false;
  return S_ISREG(known.stx_mode) && (known.stx_mask & STATX_SIZE) && known.stx_size <= offset;
#else
  static_cast<void>(descriptor), static_cast<void>(offset);
  return false;
#endif
}

file_transfer read_once_at(int descriptor, std::uint64_t offset, mutable_buffer into) noexcept {
  if (offset > last_offset) return {.code = EINVAL};
  auto size = uninterrupted([&] { return ::pread(descriptor, into.data(), into.size(), static_cast<off_t>(offset)); });
  if (size < 0 && errno == ESPIPE) size = uninterrupted([&] { return ::read(descriptor, into.data(), into.size()); });
  if (size < 0) return {.code = errno};
  return {.transferred = static_cast<std::size_t>(size)};
}

file_transfer write_all_at(int descriptor, std::uint64_t offset, const_buffer from) noexcept {
  auto const* const bytes = static_cast<char const*>(from.data());
  signal_block const size_limit(SIGXFSZ);   // a write beyond the size limit fails with EFBIG as well
  signal_block const broken_pipe(SIGPIPE);  // a write to a pipe without a reader fails with EPIPE as well
  file_transfer written;
  while (written.transferred != from.size()) {
    auto const* const rest = bytes + written.transferred;
    auto const size = from.size() - written.transferred;
    // Data beyond the last offset is too large for any file.
    if (offset > last_offset - written.transferred) return {.transferred = written.transferred, .code = EFBIG};
    auto const where = static_cast<off_t>(offset + written.transferred);
    auto moved = uninterrupted([&] { return ::pwrite(descriptor, rest, size, where); });
    if (moved < 0 && errno == ESPIPE) moved = uninterrupted([&] { return ::write(descriptor, rest, size); });
    if (moved <= 0) {
      written.code = moved == 0 ? EIO : errno;
      if (written.code == EFBIG) size_limit.discard_pending();
      if (written.code == EPIPE) broken_pipe.discard_pending();
      return written;
    }
    written.transferred += static_cast<std::size_t>(moved);
  }
  return written;
}

int sync_to_disk(int descriptor) noexcept {
#if defined(F_FULLFSYNC)
  // On macOS, fsync leaves the data in the disk's cache. Not every file system supports more.
  if (::fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
#endif
  return uninterrupted([&] { return ::fsync(descriptor); }) == 0 ? 0 : errno;
}

}  // namespace strait::detail
