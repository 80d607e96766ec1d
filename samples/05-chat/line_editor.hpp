// line_editor: a line that is being typed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Turns what the keys of a terminal send into lines. Backspace takes back a character, Ctrl-W a word, Ctrl-U the line.
/// Keys that send sequences of their own, such as those with arrows, have no effect.
class line_editor {
 public:
  /// What a key has led to. `interrupt`: Ctrl-C; `suspend`: Ctrl-Z; `end`: Ctrl-D, where the line is empty.
  enum class outcome { none, changed, line, interrupt, suspend, end };

  /// Takes no more than `longest` bytes into a line.
  explicit line_editor(std::size_t longest) : longest_(longest) {}

  /// The next byte of what is typed.
  outcome take(char byte);

  /// What has been typed of the line. It has printable characters only.
  [[nodiscard]] std::string const& text() const noexcept { return text_; }
  /// After `outcome::line`: gives the line, and begins the next one.
  std::string take_line();

  /// As much of the end of the text as fits into `width` columns.
  [[nodiscard]] std::string_view tail(std::size_t width) const noexcept;

 private:
  enum class state { text, escape, sequence };

  outcome take_control(char byte);
  outcome take_text(char byte);
  void erase_character();
  void erase_word();

  std::size_t longest_;
  std::string text_;
  std::string unfinished_;  // the first bytes of a character
  state state_ = state::text;
};
