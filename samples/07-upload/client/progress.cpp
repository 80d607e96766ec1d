#include "client/progress.hpp"

#include <algorithm>
#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "client/outgoing_files.hpp"
#include "strait/core/sleep.hpp"
#include "text/utf8.hpp"

namespace samples::upload {
namespace {

constexpr auto between_draws = std::chrono::milliseconds(100);
constexpr auto between_lines = std::chrono::seconds(3);

std::size_t terminal_width() noexcept {
  constexpr std::size_t usual = 80;
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

/// Writes the text with one system call, so that a terminal never shows a part of it.
void put(std::string_view text) {
  while (!text.empty()) {
    auto const written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;  // it is drawn again soon
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

progress::progress(bool is_quiet) : is_quiet_(is_quiet), is_terminal_(::isatty(STDOUT_FILENO) == 1) {}

void progress::expect(std::size_t files, std::uint64_t bytes) noexcept {
  state_.files = files;
  state_.bytes = bytes;
}

void progress::resized(outgoing_file& file, std::uint64_t size) noexcept {
  state_.bytes += size - file.what.size;
  file.what.size = size;
}

void progress::reading(outgoing_file const& file) { read_ = file.what.name; }

void progress::kept(outgoing_file& file, std::uint64_t offset) noexcept { advance(file, offset); }

void progress::sent(outgoing_file& file, std::uint64_t offset) {
  moved_ += offset - std::min(offset, file.sent);
  advance(file, offset);
  if (current_ != file.what.name) {
    current_ = file.what.name;
    printed_at_ = clock::now();
  }
  current_done_ = offset;
  current_size_ = file.what.size;
}

void progress::advance(outgoing_file& file, std::uint64_t offset) noexcept {
  state_.bytes_done += offset - file.sent;
  file.sent = offset;
}

void progress::stored(outgoing_file& file, std::string const& verdict) {
  ++state_.files_done;
  advance(file, file.what.size);
  if (is_quiet_ || is_terminal_) return;
  auto const name = printable(file.what.name);
  if (file.what.kind == file_kind::directory) fmt::print("{}/: {}\n", name, verdict);
  else fmt::print("{}: {}, {}\n", name, verdict, count_text(file.what.size, "byte"));
}

void progress::refused(outgoing_file& file, std::string const& reason) {
  ++state_.files_done;
  advance(file, file.what.size);
  report_error(reason);
}

void progress::report_error(std::string_view line) {
  erase();
  std::fflush(stdout);
  fmt::print(stderr, "upload_client: {}\n", printable(line));
}

strait::task<> progress::refresh() {
  if (is_quiet_) co_return;
  for (;;) {
    co_await strait::sleep_for(between_draws);
    rate_.update(clock::now(), moved_);
    if (is_terminal_) draw();
    else print_current();
  }
}

void progress::draw() {
  bool const is_sending = current_done_ != current_size_;
  auto name = is_sending || read_.empty() ? current_ : read_ + " (reading)";
  if (is_sending && state_.files > 1) name += fmt::format(" {}%", percent_of(current_done_, current_size_));
  state_.name = name;
  state_.rate = rate_.per_second();
  auto line =
      fmt::format("\r{}\x1b[K", progress_line(state_, terminal_width()));  // ECMA-48: EL, erase to the end of the line
  if (is_drawn_ && line == drawn_) return;
  put(line);
  drawn_ = std::move(line);
  is_drawn_ = true;
}

void progress::erase() {
  if (is_drawn_) put("\r\x1b[K");
  is_drawn_ = false;
}

/// Prints a line if the same file takes long.
void progress::print_current() {
  if (current_.empty() || current_done_ == current_size_ || clock::now() - printed_at_ < between_lines) return;
  printed_at_ = clock::now();
  fmt::print("{}: {} of {}, {}%\n", printable(current_), size_text(current_done_), size_text(current_size_),
             percent_of(current_done_, current_size_));
}

void progress::end(std::size_t stored) {
  erase();
  if (is_quiet_ || state_.files == 0) return;
  std::chrono::duration<double> const passed = clock::now() - began_;
  auto const rate = static_cast<std::uint64_t>(static_cast<double>(moved_) / std::max(passed.count(), 0.001));
  fmt::print("{} of {} {} on the server, {} sent in {:.3f} s, {}/s\n", stored, count_text(state_.files, "file"),
             state_.files == 1 ? "is" : "are", size_text(moved_), passed.count(), size_text(rate));
}

}  // namespace samples::upload
