#include "line_source.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "strait/base/error.hpp"
#include "strait/core/thread_pool.hpp"

namespace {

constexpr std::size_t chunk_size = 16384;
constexpr int poll_timeout = 100;  // milliseconds

/// Appends the next chunk of `file`, if one arrives within `poll_timeout`; returns false at the end of the file. The
/// time limit lets a signal end the program while it waits for terminal input.
bool append_chunk(int file, std::string& to, std::string const& name) {
  pollfd waiting{.fd = file, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, poll_timeout) <= 0) return true;
  char chunk[chunk_size];
  auto const n = ::read(file, chunk, sizeof chunk);
  if (n > 0) to.append(chunk, static_cast<std::size_t>(n));
  if (n < 0 && errno != EAGAIN && errno != EINTR) throw strait::error({errno, std::generic_category()}, "read " + name);
  return n != 0;
}

}  // namespace

line_source::line_source(std::string const& path)
    : name_(path == "-" ? "standard input" : path),
      file_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0) throw strait::error({errno, std::generic_category()}, "open " + name_);
}

line_source::~line_source() {
  if (file_ != STDIN_FILENO) ::close(file_);
}

strait::task<std::optional<std::string>> line_source::next() {
  for (;;) {
    auto line = take_line();
    if (!line) {
      if (at_end_) co_return std::nullopt;
      co_await read_more();
    } else if (!line->empty()) {
      co_return line;
    }
  }
}

/// Removes the first line from `unread_` and returns it, or returns nothing if no line is complete.
std::optional<std::string> line_source::take_line() {
  auto const end = unread_.find('\n', searched_);
  bool const is_last = end == unread_.npos && at_end_ && !unread_.empty();
  if (end == unread_.npos && !is_last) {
    searched_ = unread_.size();
    return std::nullopt;
  }
  auto line = unread_.substr(0, end);
  unread_.erase(0, is_last ? unread_.npos : end + 1);
  searched_ = 0;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

strait::task<> line_source::read_more() {
  at_end_ = !co_await strait::on_thread_pool([this] { return append_chunk(file_, unread_, name_); });
}
