#include "line_editor.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"

namespace {

constexpr std::size_t roomy = 1000;

/// Types `keys`; gives what the last of them has led to.
line_editor::outcome type(line_editor& editor, std::string_view keys) {
  auto last = line_editor::outcome::none;
  for (char const key : keys) last = editor.take(key);
  return last;
}

/// What is there after `keys`.
std::string typed(std::string_view keys) {
  line_editor editor(roomy);
  type(editor, keys);
  return editor.text();
}

}  // namespace

TEST_CASE("line_editor: Enter ends a line, and the next one begins empty") {
  line_editor editor(roomy);
  CHECK(type(editor, "hello") == line_editor::outcome::changed);
  CHECK(type(editor, "\n") == line_editor::outcome::line);
  CHECK(editor.take_line() == "hello");
  CHECK(editor.text().empty());
  CHECK(type(editor, "again\r") == line_editor::outcome::line);
  CHECK(editor.take_line() == "again");
}

TEST_CASE("line_editor: backspace takes back a character, not a byte") {
  CHECK(typed("abc\x7f") == "ab");
  CHECK(typed("abc\b") == "ab");
  CHECK(typed("né\x7f") == "n");
  CHECK(typed("你好\x7f") == "你");
  CHECK(typed("👍\x7f").empty());
  CHECK(typed("a\x7f\x7f\x7f").empty());
}

TEST_CASE("line_editor: backspace takes back a character with the marks that stand on it") {
  CHECK(typed("ae\u0301\x7f") == "a");
  CHECK(typed("\u0301\x7f").empty());
}

TEST_CASE("line_editor: Ctrl-U takes back the line, and Ctrl-W a word") {
  CHECK(typed("some words\x15") == "");
  CHECK(typed("some words\x15now") == "now");
  CHECK(typed("some more words\x17") == "some more ");
  CHECK(typed("some more words  \x17\x17") == "some ");
  CHECK(typed("   \x17").empty());
  CHECK(typed("\x17").empty());
}

TEST_CASE("line_editor: Ctrl-D ends the input where the line is empty, and does nothing elsewhere") {
  line_editor editor(roomy);
  CHECK(type(editor, "a\x04") == line_editor::outcome::none);
  CHECK(editor.text() == "a");
  CHECK(type(editor, "\x7f\x04") == line_editor::outcome::end);
}

TEST_CASE("line_editor: Ctrl-C interrupts, and Ctrl-Z suspends, whatever has been typed") {
  line_editor editor(roomy);
  CHECK(type(editor, "abc\x03") == line_editor::outcome::interrupt);
  CHECK(type(editor, "\x1a") == line_editor::outcome::suspend);
  CHECK(editor.text() == "abc");
}

TEST_CASE("line_editor: keys with sequences of their own leave nothing behind") {
  CHECK(typed("a\x1b[Ab") == "ab");     // up
  CHECK(typed("a\x1b[1;5Cb") == "ab");  // Ctrl-right
  CHECK(typed("a\x1b[3~b") == "ab");    // delete
  CHECK(typed("a\x1bOPb") == "ab");     // F1
  CHECK(typed("a\x1b"
              "xb") == "ab");  // Alt-x
}

TEST_CASE("line_editor: a character comes in as many pieces as it has bytes") {
  line_editor editor(roomy);
  CHECK(editor.take('\xe4') == line_editor::outcome::none);
  CHECK(editor.take('\xbd') == line_editor::outcome::none);
  CHECK(editor.take('\xa0') == line_editor::outcome::changed);
  CHECK(editor.text() == "你");
}

TEST_CASE("line_editor: what is no character is not taken, and does no harm to what follows") {
  CHECK(typed("a\x80"
              "b") == "ab");
  CHECK(typed("a\xff"
              "b") == "ab");
  CHECK(typed("\xe4\n") == "");
  CHECK(typed("a\u202e"
              "b") == "ab");
  CHECK(typed("a\tb") == "a b");
}

TEST_CASE("line_editor: every kind of blank is taken as a space") {
  CHECK(typed("a\tb\u00a0c\u3000d\u202fe") == "a b c d e");
}

TEST_CASE("line_editor: a line has so many bytes, and no part of a character") {
  line_editor editor(4);
  type(editor, "ab你c");
  CHECK(editor.text() == "abc");
  type(editor, "defg");
  CHECK(editor.text() == "abcd");
}

TEST_CASE("line_editor: what does not fit into the terminal has its end shown") {
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
