// Sending a file: which part of it is in the page cache, and the system calls.
//
// sendfile(2) blocks to read data that is not in the page cache, and has no flag to prevent that. So
// preadv2(RWF_NOWAIT) checks first, for one byte of each block that the kernel reads from a disk at once.
#include "engine/send_file.hpp"

#include "base/signal_block.hpp"
#include "strait/core/detail/file_part.hpp"

#if defined(__linux__)

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#endif

namespace strait::detail {

#if defined(__linux__)

namespace {

// If one byte of a block of this size is in the page cache, nearly always the whole block is.
constexpr std::uint64_t read_together = 128 * 1024;
// For this long, a block that was in the page cache is assumed to stay there.
constexpr std::chrono::milliseconds sure_to_stay{100};

enum class presence : unsigned char { here, missing, unknown };

bool is_before_end(int descriptor, std::uint64_t offset) noexcept {
  struct stat now = {};
  return ::fstat(descriptor, &now) == 0 && offset < static_cast<std::uint64_t>(now.st_size);
}

/// Whether a byte is in the page cache. A byte beyond the end of the file counts as present, because reading it does
/// not block.
presence byte_at(int descriptor, std::uint64_t offset) noexcept {
  char byte;
  iovec const into{&byte, 1};
  auto const size = ::preadv2(descriptor, &into, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  if (size > 0) return presence::here;
  // Linux 5.9 and 5.10 return 0 instead of EAGAIN.
  if (size == 0) return is_before_end(descriptor, offset) ? presence::missing : presence::here;
  if (errno == EAGAIN) return presence::missing;
  return errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS ? presence::unknown : presence::here;
}

/// How many of `size` bytes from `offset` on are in the page cache, without a gap. The first byte is known to be.
std::size_t size_in_memory(int descriptor, std::uint64_t offset, std::size_t size) noexcept {
  auto const end = offset + size;
  for (auto at = offset; at < end; at += read_together) {
    auto const last = std::min(at + read_together, end) - 1;
    if (byte_at(descriptor, last) != presence::here) return at - offset;
  }
  return size;
}

// Errors after which the file is read in the usual way instead, which succeeds or reports a better error.
bool is_about_the_file(int error) noexcept {
  switch (error) {
    case EBADF:
    case EINVAL:
    case EIO:
    case ENOMEM:
    case ENOSYS:
    case EOPNOTSUPP:
    case EOVERFLOW:
    case ESPIPE: return true;
    default: return false;
  }
}

ssize_t send_from(int file, int to, std::uint64_t offset, std::size_t size) noexcept {
  auto position = static_cast<off_t>(offset);
  detail::signal_block const blocked(SIGPIPE);  // sendfile has no MSG_NOSIGNAL
  ssize_t moved;
  do {
    moved = ::sendfile(to, file, &position, size);
  } while (moved < 0 && errno == EINTR);
  // If the peer closes the connection meanwhile, the signal is raised although some bytes were sent.
  if (moved < 0 || static_cast<std::size_t>(moved) != size) blocked.discard_pending();
  return moved;
}

}  // namespace

bool file_part::fetch(int descriptor, std::uint64_t offset, std::size_t size, std::size_t ahead) noexcept {
  bool const begins_in_memory = byte_at(descriptor, offset) == presence::here;
  if (begins_in_memory && size_in_memory(descriptor, offset, size) == size) return false;
  static_cast<void>(::posix_fadvise(descriptor, static_cast<off_t>(offset), static_cast<off_t>(size + ahead),
                                    POSIX_FADV_WILLNEED));  // starts to read, and does not wait
  char scratch[64 * 1024];
  for (std::size_t read = 0; read < size;) {
    auto const wanted = std::min(sizeof scratch, size - read);
    auto const got = ::pread(descriptor, scratch, wanted, static_cast<off_t>(offset + read));
    if (got > 0) read += static_cast<std::size_t>(got);
    else if (got == 0 || errno != EINTR) break;  // the send will fail with the same error
  }
  return true;
}

#else

bool file_part::fetch(int, std::uint64_t, std::size_t, std::size_t) noexcept { return false; }

#endif

/// One attempt to send a file_part.
class file_sending {
 public:
  using outcome = engine::attempt_outcome;

  explicit file_sending(io_operation& operation) noexcept
      : operation_(operation), part_(*static_cast<file_part*>(const_cast<void*>(operation.buffer_.data()))) {}

  outcome send(int descriptor) noexcept;

 private:
  outcome nothing_sent() noexcept { return engine::outcome_of_transfer(operation_, 0, 0); }
  [[nodiscard]] std::size_t sendable() noexcept;

  io_operation& operation_;
  file_part& part_;
};

#if defined(__linux__)

std::size_t file_sending::sendable() noexcept {
  auto const size = std::min(part_.size_, file_part::max_size);
  if (part_.is_in_memory_) return size;
  bool const is_known = part_.offset_ < part_.known_until_;
  if (!is_known || file_part::clock::now() - part_.known_at_ > sure_to_stay) {
    auto const first = byte_at(part_.descriptor_, part_.offset_);
    if (first == presence::here) part_.know(part_.offset_ + size_in_memory(part_.descriptor_, part_.offset_, size));
    // If the file system does not support the check, data that was fetched counts as present.
    else if (!is_known || first == presence::missing) return 0;
  }
  return std::min<std::uint64_t>(size, part_.known_until_ - part_.offset_);
}

file_sending::outcome file_sending::send(int descriptor) noexcept {
  auto const size = sendable();
  part_.is_refused_ = false;
  part_.is_missing_ = size == 0;
  if (part_.is_missing_) return nothing_sent();
  auto const moved = send_from(part_.descriptor_, descriptor, part_.offset_, size);
  if (moved > 0) {
    part_.offset_ += static_cast<std::size_t>(moved);
    part_.size_ -= static_cast<std::size_t>(moved);
  } else if (moved < 0 && is_about_the_file(errno)) {
    part_.is_refused_ = true;
    return nothing_sent();
  }
  return engine::outcome_of_transfer(operation_, moved, 0);
}

#else

file_sending::outcome file_sending::send(int) noexcept {
  part_.is_refused_ = true;
  return nothing_sent();
}

#endif

}  // namespace strait::detail

namespace strait::engine {

attempt_outcome send_file(int descriptor, detail::io_operation& operation) noexcept {
  return detail::file_sending(operation).send(descriptor);
}

}  // namespace strait::engine
