// console: where the client shows what it is told, and is told what to say.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "key_mode.hpp"
#include "line_editor.hpp"
#include "strait/core/task.hpp"

/// Standard input and output. On a terminal, what is being typed stays in the last line, below all that is shown;
/// elsewhere, lines come in and go out as they are. For one loop's thread.
class console {
 public:
  console();
  console(console const&) = delete;
  console& operator=(console const&) = delete;
  ~console();

  /// Shows a line, which must be printable.
  void show(std::string_view line);

  /// The next line that is typed, or read; nothing at the end of the input, and after Ctrl-D. Ctrl-C is a SIGINT. Other
  /// tasks have their turn meanwhile. Throws `strait::error` if the input cannot be read.
  strait::task<std::optional<std::string>> next_line();

 private:
  [[nodiscard]] bool is_terminal() const noexcept { return keys_.has_value(); }
  std::optional<std::string> take_line();
  std::optional<std::string> take_typed_line();
  void suspend();
  void leave_terminal();
  void draw();
  void erase();

  std::optional<key_mode> keys_;  // on a terminal
  line_editor editor_;
  std::string input_;  // read, but not given out
  bool at_end_ = false;
};
