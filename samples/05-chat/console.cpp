#include "console.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "protocol.hpp"
#include "strait/base/error.hpp"
#include "strait/core/thread_pool.hpp"

namespace {

constexpr std::string_view prompt = "> ";
constexpr std::string_view erase_line = "\r\x1b[K";  // ECMA-48: EL, from the cursor to the end of the line
constexpr int poll_timeout = 100;                    // milliseconds

/// Appends the next chunk of standard input, if one arrives within `poll_timeout`; returns false at the end of the
/// input. The time limit lets a signal end the program while it waits for input.
bool append_chunk(std::string& to) {
  pollfd waiting{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, poll_timeout) <= 0) return true;
  char chunk[4096];
  auto const n = ::read(STDIN_FILENO, chunk, sizeof chunk);
  if (n > 0) to.append(chunk, static_cast<std::size_t>(n));
  if (n < 0 && errno == EIO) return false;  // the terminal was closed
  if (n < 0 && errno != EAGAIN && errno != EINTR)
    throw strait::error({errno, std::generic_category()}, "read standard input");
  return n != 0;
}

std::size_t terminal_width() noexcept {
  constexpr std::size_t default_width = 80;
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : default_width;
}

void put(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace

console::console() : editor_(longest_line) {
  if (::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO)) {
    keys_.emplace();
    draw();
  }
}

console::~console() { leave_terminal(); }

void console::show(std::string_view line) {
  if (is_terminal()) erase();
  put(line);
  put("\n");
  if (is_terminal()) draw();
  else std::fflush(stdout);
}

strait::task<std::optional<std::string>> console::next_line() {
  for (;;) {
    auto line = is_terminal() ? take_typed_line() : take_line();
    if (line) co_return line;
    if (at_end_) co_return std::nullopt;
    at_end_ = !co_await strait::on_thread_pool([this] { return append_chunk(input_); });
  }
}

/// Removes the first line from the input and returns it, or returns nothing if no line is complete.
std::optional<std::string> console::take_line() {
  auto const end = input_.find('\n');
  if (end == input_.npos && !(at_end_ && !input_.empty())) return std::nullopt;
  auto line = input_.substr(0, end);
  input_.erase(0, end == input_.npos ? end : end + 1);
  return line;
}

/// The same on a terminal: edits the line with the keys in the input, and redraws it.
std::optional<std::string> console::take_typed_line() {
  std::size_t taken = 0;
  auto last = line_editor::outcome::none;
  while (taken < input_.size() && last != line_editor::outcome::line && last != line_editor::outcome::end) {
    last = editor_.take(input_[taken++]);
    if (last == line_editor::outcome::interrupt) std::raise(SIGINT);
    if (last == line_editor::outcome::suspend) suspend();
  }
  input_.erase(0, taken);
  if (last == line_editor::outcome::end) at_end_ = true;
  auto line = last == line_editor::outcome::line ? std::optional(editor_.take_line()) : std::nullopt;
  if (at_end_) leave_terminal();
  else if (taken > 0) draw();
  return line;
}

void console::suspend() {
  erase();
  std::fflush(stdout);
  keys_->suspend();
}

/// Restores the terminal at the end of the input. From then on, lines are shown without editing, and Ctrl-C has its
/// normal effect.
void console::leave_terminal() {
  if (!is_terminal()) return;
  erase();
  std::fflush(stdout);
  keys_.reset();
}

/// Draws the end of the edited line that fits into one line of the terminal.
void console::draw() {
  auto const width = terminal_width();
  auto const room = width - std::min(width, prompt.size() + 1);  // leaves the last column free, where terminals wrap
  erase();
  put(prompt);
  put(editor_.tail(room));
  std::fflush(stdout);
}

void console::erase() { put(erase_line); }
