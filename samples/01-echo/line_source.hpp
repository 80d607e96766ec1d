// line_source: reads the lines of a file or of standard input without blocking the event loop.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "strait/core/task.hpp"

/// Owns the file unless it is standard input.
class line_source {
 public:
  /// Opens the file; "-" is standard input. Throws `strait::error` if the file cannot be opened.
  explicit line_source(std::string const& path);
  line_source(line_source const&) = delete;
  line_source& operator=(line_source const&) = delete;
  ~line_source();

  /// Returns the next non-empty line without its LF or CR LF, or nothing at the end of the file. A line may contain any
  /// other bytes. Throws `strait::error` if the file cannot be read.
  strait::task<std::optional<std::string>> next();

 private:
  std::optional<std::string> take_line();
  strait::task<> read_more();

  std::string name_;
  int file_;
  std::string unread_;        // read from the file, but not yet returned
  std::size_t searched_ = 0;  // the first bytes of unread_ that are known to have no LF
  bool at_end_ = false;
};
