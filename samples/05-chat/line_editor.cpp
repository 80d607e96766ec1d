#include "line_editor.hpp"

#include <utility>

#include "text/utf8.hpp"

namespace {

constexpr char ctrl(char letter) { return static_cast<char>(letter & 0x1f); }
constexpr char escape_key = 0x1b;
constexpr char delete_key = 0x7f;

/// Returns the offset of the last character of `text`, which must not be empty.
std::size_t last_character(std::string_view text) noexcept {
  auto at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

std::size_t columns_at(std::string_view text, std::size_t at) noexcept {
  return samples::columns(samples::first_character(text.substr(at)).code_point);
}

}  // namespace

line_editor::outcome line_editor::take(char byte) {
  switch (state_) {
    case state::escape:  // ECMA-48: the sequences ESC [ … and, for function keys, ESC O … end with a letter or ~
      state_ = byte == '[' || byte == 'O' ? state::sequence : state::text;
      return outcome::none;
    case state::sequence:
      if (byte >= '@' && byte <= '~') state_ = state::text;
      return outcome::none;
    case state::text: break;
  }
  bool const is_control = (byte >= 0 && byte < ' ' && byte != '\t') || byte == delete_key;
  if (is_control) unfinished_.clear();
  return is_control ? take_control(byte) : take_text(byte);
}

line_editor::outcome line_editor::take_control(char byte) {
  switch (byte) {
    case '\r':
    case '\n': return outcome::line;
    case ctrl('C'): return outcome::interrupt;
    case ctrl('D'): return text_.empty() ? outcome::end : outcome::none;
    case ctrl('Z'): return outcome::suspend;
    case escape_key: state_ = state::escape; return outcome::none;
    case delete_key:
    case ctrl('H'): erase_character(); return outcome::changed;
    case ctrl('W'): erase_word(); return outcome::changed;
    case ctrl('U'): text_.clear(); return outcome::changed;
    default: return outcome::none;
  }
}

line_editor::outcome line_editor::take_text(char byte) {
  unfinished_ += byte == '\t' ? ' ' : byte;
  if (unfinished_.size() < samples::size_of_character(unfinished_.front())) return outcome::none;
  auto const bytes = std::exchange(unfinished_, {});
  auto const typed = samples::first_character(bytes);
  bool const is_blank = typed.is_valid && samples::is_blank(typed.code_point);
  bool const is_printable = is_blank || (typed.is_valid && samples::is_printable(typed.code_point));
  std::string_view const added = is_blank ? std::string_view(" ") : bytes;  // other blanks would be sent escaped
  if (!is_printable || text_.size() + added.size() > longest_) return outcome::none;
  text_ += added;
  return outcome::changed;
}

std::string line_editor::take_line() { return std::exchange(text_, {}); }

/// Removes the last character with its combining marks.
void line_editor::erase_character() {
  bool is_mark = true;
  while (is_mark && !text_.empty()) {
    auto const at = last_character(text_);
    is_mark = columns_at(text_, at) == 0;
    text_.erase(at);
  }
}

void line_editor::erase_word() {
  auto const end = text_.find_last_not_of(' ');
  auto const before = end == text_.npos ? text_.npos : text_.find_last_of(' ', end);
  text_.erase(before == text_.npos ? 0 : before + 1);
}

std::string_view line_editor::tail(std::size_t width) const noexcept {
  std::string_view const text = text_;
  auto begin = text.size();
  std::size_t used = 0;
  for (auto at = begin; at > 0;) {
    at = last_character(text.substr(0, at));
    auto const width_of_character = columns_at(text, at);
    used += width_of_character;
    if (used > width) break;
    if (width_of_character > 0) begin = at;  // a combining mark is shown only together with its base character
  }
  return text.substr(begin);
}
