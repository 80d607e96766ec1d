// console: shows lines and reads input, on a terminal or in a pipe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "key_mode.hpp"
#include "line_editor.hpp"
#include "strait/core/task.hpp"

/// Standard input and output. On a terminal, the line that is being typed stays at the bottom, below the lines that are
/// shown; otherwise lines are read and written unchanged. Not thread-safe.
class console {
 public:
  console();
  console(console const&) = delete;
  console& operator=(console const&) = delete;
  ~console();

  /// Shows a line, which must be printable.
  void show(std::string_view line);

  /// Waits for the next line of input, without blocking other tasks; returns nothing at the end of the input and after
  /// Ctrl-D. Ctrl-C raises SIGINT. Throws `strait::error` if the input cannot be read.
  strait::task<std::optional<std::string>> next_line();

 private:
  [[nodiscard]] bool is_terminal() const noexcept { return keys_.has_value(); }
  std::optional<std::string> take_line();
  std::optional<std::string> take_typed_line();
  void suspend();
  void leave_terminal();
  void draw();
  void erase();

  std::optional<key_mode> keys_;  // empty if not on a terminal
  line_editor editor_;
  std::string input_;  // read, but not yet returned
  bool at_end_ = false;
};
