// Descriptors 0, 1 and 2 are reserved for standard input, output and error.
#pragma once

#include <string_view>

namespace strait::detail {

/// Opens /dev/null on each of the descriptors 0, 1 and 2 that is closed, without close-on-exec, so that child processes
/// inherit it.
void open_standard_streams() noexcept;

/// Every descriptor that the library creates passes through this function, so that text written to a closed standard
/// error can never end up in a socket or a file. Returns `made`; if that is 0, 1 or 2, returns a duplicate above 2 and
/// closes `made`. Returns -1 with errno set if `made` is -1 or if duplicating fails.
[[nodiscard]] int above_standard_streams(int made) noexcept;

/// Writes `text` to standard error, in one system call if possible, so that the output of several threads does not
/// interleave. Raises no signal. Text that cannot be written is discarded.
void write_to_stderr(std::string_view text) noexcept;

/// Writes one line to standard error: the program's name, ": " and `text`. May throw `std::bad_alloc`.
void print_line(std::string_view text);

}  // namespace strait::detail
