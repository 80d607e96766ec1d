// Descriptors 0, 1 and 2: they are for standard input, output and error, and for nothing else.
#pragma once

#include <string_view>

namespace strait::detail {

/// Opens /dev/null on each of the descriptors 0, 1 and 2 that is closed; what a child process inherits is open, too.
void open_standard_streams() noexcept;

/// What every descriptor that the library makes goes through: whatever a process writes to its standard error, a
/// closed one included, must not get into a socket or a file. Returns `made` or, if that is 0, 1 or 2, a copy of it
/// above, and closes `made`; -1 and errno as `made` was, or if there is no copy.
[[nodiscard]] int above_standard_streams(int made) noexcept;

/// Writes `text` to standard error, in one system call if that takes it, so that what several threads write does not
/// mix. Raises no signal. What cannot be written is dropped.
void write_to_stderr(std::string_view text) noexcept;

/// Writes one line to standard error: "program: " and `text`. May throw `std::bad_alloc`.
void print_line(std::string_view text);

}  // namespace strait::detail
