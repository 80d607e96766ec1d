// line_source: the lines of a file or of standard input, read without blocking the loop.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "strait/core/task.hpp"

/// Owns its file, unless that is standard input.
class line_source {
 public:
  /// `path` is "-" for standard input. Throws `strait::error` if the file cannot be opened.
  explicit line_source(std::string const& path);
  line_source(line_source const&) = delete;
  line_source& operator=(line_source const&) = delete;
  ~line_source();

  /// The next line that is not empty, without the LF or CR LF that ends it; nothing at the end of the file. Any other
  /// byte may be in it. Throws `strait::error` if the file cannot be read.
  strait::task<std::optional<std::string>> next();

 private:
  std::optional<std::string> take_line();
  strait::task<> read_more();

  std::string name_;
  int file_;
  std::string unread_;        // read from the file, but not given out
  std::size_t searched_ = 0;  // so many bytes of it have no LF
  bool at_end_ = false;
};
