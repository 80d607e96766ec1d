// Descriptors 0, 1 and 2.
#include "base/standard_streams.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/signal_block.hpp"

namespace strait::detail {
namespace {

constexpr int first_other = STDERR_FILENO + 1;

}  // namespace

// open(2) returns the lowest free descriptor.
void open_standard_streams() noexcept {
  for (int each = STDIN_FILENO; each != first_other; ++each) {
    if (::fcntl(each, F_GETFD) >= 0) continue;
    int const opened = ::open("/dev/null", O_RDWR);
    if (opened >= first_other) ::close(opened);
  }
}

int above_standard_streams(int made) noexcept {
  if (made < 0 || made >= first_other) [[likely]]
    return made;
  int const moved = ::fcntl(made, F_DUPFD_CLOEXEC, first_other);
  int const failure = errno;
  ::close(made);
  open_standard_streams();
  errno = failure;
  return moved;
}

void write_to_stderr(std::string_view text) noexcept {
  signal_block const broken_pipe(SIGPIPE);  // the reader of the pipe or socket is gone
  signal_block const size_limit(SIGXFSZ);   // the file has reached its size limit
  while (!text.empty()) {
    auto const size = ::write(STDERR_FILENO, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EPIPE) broken_pipe.discard_pending();
    if (size < 0 && errno == EFBIG) size_limit.discard_pending();
    if (size <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

void print_line(std::string_view text) {
  write_to_stderr(fmt::format("{}: {}\n", program_invocation_short_name, text));
}

}  // namespace strait::detail
