#include "line_editor.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"

namespace {

constexpr std::size_t roomy = 1000;

/// Types `keys`; returns the outcome of the last one.
line_editor::outcome type(line_editor& editor, std::string_view keys) {
  auto last = line_editor::outcome::none;
  for (char const key : keys) last = editor.take(key);
  return last;
}

/// Returns the text after `keys` were typed.
std::string typed(std::string_view keys) {
  line_editor editor(roomy);
  type(editor, keys);
  return editor.text();
}

}  // namespace

TEST_CASE("line_editor: Enter completes the line, and the next one starts empty") {
  line_editor editor(roomy);
  CHECK(type(editor, "hello") == line_editor::outcome::changed);
  CHECK(type(editor, "\n") == line_editor::outcome::line);
  CHECK(editor.take_line() == "hello");
  CHECK(editor.text().empty());
  CHECK(type(editor, "again\r") == line_editor::outcome::line);
  CHECK(editor.take_line() == "again");
}

TEST_CASE("line_editor: backspace deletes a character, not a byte") {
  CHECK(typed("abc\x7f") == "ab");
  CHECK(typed("abc\b") == "ab");
  CHECK(typed("né\x7f") == "n");
  CHECK(typed("你好\x7f") == "你");
  CHECK(typed("👍\x7f").empty());
  CHECK(typed("a\x7f\x7f\x7f").empty());
}

TEST_CASE("line_editor: backspace deletes a character with its combining marks") {
  CHECK(typed("ae\u0301\x7f") == "a");
  CHECK(typed("\u0301\x7f").empty());
}

TEST_CASE("line_editor: Ctrl-U deletes the line, and Ctrl-W a word") {
  CHECK(typed("some words\x15") == "");
  CHECK(typed("some words\x15now") == "now");
  CHECK(typed("some more words\x17") == "some more ");
  CHECK(typed("some more words  \x17\x17") == "some ");
  CHECK(typed("   \x17").empty());
  CHECK(typed("\x17").empty());
}

TEST_CASE("line_editor: Ctrl-D ends the input on an empty line, and has no effect otherwise") {
  line_editor editor(roomy);
  CHECK(type(editor, "a\x04") == line_editor::outcome::none);
  CHECK(editor.text() == "a");
  CHECK(type(editor, "\x7f\x04") == line_editor::outcome::end);
}

TEST_CASE("line_editor: Ctrl-C interrupts and Ctrl-Z suspends, whatever was typed") {
  line_editor editor(roomy);
  CHECK(type(editor, "abc\x03") == line_editor::outcome::interrupt);
  CHECK(type(editor, "\x1a") == line_editor::outcome::suspend);
  CHECK(editor.text() == "abc");
}

TEST_CASE("line_editor: keys that send escape sequences are ignored") {
  CHECK(typed("a\x1b[Ab") == "ab");     // up
  CHECK(typed("a\x1b[1;5Cb") == "ab");  // Ctrl-right
  CHECK(typed("a\x1b[3~b") == "ab");    // delete
  CHECK(typed("a\x1bOPb") == "ab");     // F1
  CHECK(typed("a\x1b"
              "xb") == "ab");  // Alt-x
}

TEST_CASE("line_editor: a multi-byte character is added when its last byte arrives") {
  line_editor editor(roomy);
  CHECK(editor.take('\xe4') == line_editor::outcome::none);
  CHECK(editor.take('\xbd') == line_editor::outcome::none);
  CHECK(editor.take('\xa0') == line_editor::outcome::changed);
  CHECK(editor.text() == "你");
}

TEST_CASE("line_editor: invalid bytes are ignored, and the text after them is kept") {
  CHECK(typed("a\x80"
              "b") == "ab");
  CHECK(typed("a\xff"
              "b") == "ab");
  CHECK(typed("\xe4\n") == "");
  CHECK(typed("a\u202e"
              "b") == "ab");
  CHECK(typed("a\tb") == "a b");
}

TEST_CASE("line_editor: every kind of blank becomes a space") {
  CHECK(typed("a\tb\u00a0c\u3000d\u202fe") == "a b c d e");
}

TEST_CASE("line_editor: a line is limited in bytes, without splitting a character") {
  line_editor editor(4);
  type(editor, "ab你c");
  CHECK(editor.text() == "abc");
  type(editor, "defg");
  CHECK(editor.text() == "abcd");
}

TEST_CASE("line_editor: of a line wider than the terminal, the end is shown") {
  line_editor editor(roomy);
  type(editor, "ab你好e\u0301f");
  CHECK(editor.tail(80) == "ab你好e\u0301f");
  CHECK(editor.tail(8) == "ab你好e\u0301f");
  CHECK(editor.tail(5) == "好e\u0301f");
  CHECK(editor.tail(4) == "好e\u0301f");
  CHECK(editor.tail(3) == "e\u0301f");
  CHECK(editor.tail(1) == "f");
  CHECK(editor.tail(0).empty());
}
