// line_editor: edits a line by the keys that are typed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Converts the bytes that a terminal sends into lines. Backspace deletes a character, Ctrl-W a word, Ctrl-U the line.
/// Keys that send escape sequences, such as the arrow keys, have no effect.
class line_editor {
 public:
  /// The effect of a key. `interrupt`: Ctrl-C; `suspend`: Ctrl-Z; `end`: Ctrl-D on an empty line.
  enum class outcome { none, changed, line, interrupt, suspend, end };

  /// A line has at most `longest` bytes.
  explicit line_editor(std::size_t longest) : longest_(longest) {}

  /// Processes the next byte from the terminal.
  outcome take(char byte);

  /// The current text of the line. It contains only printable characters.
  [[nodiscard]] std::string const& text() const noexcept { return text_; }
  /// After `outcome::line`: returns the line, and starts the next one.
  std::string take_line();

  /// Returns the longest end of the text that fits into `width` columns.
  [[nodiscard]] std::string_view tail(std::size_t width) const noexcept;

 private:
  enum class state { text, escape, sequence };

  outcome take_control(char byte);
  outcome take_text(char byte);
  void erase_character();
  void erase_word();

  std::size_t longest_;
  std::string text_;
  std::string unfinished_;  // the first bytes of an incomplete character
  state state_ = state::text;
};
