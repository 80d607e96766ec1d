#include "text/utf8.hpp"

#include <string>

#include "catch.hpp"

using samples::columns;
using samples::printable;

namespace {

/// Whether `printable` leaves the character unchanged.
bool shows(char32_t code_point) {
  std::string text;
  if (code_point < 0x80) text += static_cast<char>(code_point);
  else if (code_point < 0x800) text += static_cast<char>(0xc0 | code_point >> 6);
  else if (code_point < 0x10000) text += static_cast<char>(0xe0 | code_point >> 12);
  else text += static_cast<char>(0xf0 | code_point >> 18);
  if (code_point >= 0x10000) text += static_cast<char>(0x80 | (code_point >> 12 & 0x3f));
  if (code_point >= 0x800) text += static_cast<char>(0x80 | (code_point >> 6 & 0x3f));
  if (code_point >= 0x80) text += static_cast<char>(0x80 | (code_point & 0x3f));
  return printable(text) == text;
}

}  // namespace

TEST_CASE("utf8: visible text is not changed") {
  for (auto const* text : {"", "plain", "C:\\dir", "naïve café", "你好", "👍🏽", "👩‍💻", "❤️", "❤️‍🔥",
                           "می‌خواهم", "क्‍ष", "שלום", "🏳️‍🌈"})
    CHECK(printable(text) == text);
}

TEST_CASE("utf8: characters that move the cursor, clear the screen or ring the bell are escaped") {
  CHECK(printable("\x1b[2J") == "\\x1b[2J");
  CHECK(printable("a\tb\rc\ad\x7f") == "a\\tb\\rc\\x07d\\x7f");
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\xc2\\x9b31m");  // U+009B is a one-character ESC [
  CHECK(printable(std::string("a\0b", 3)) == "a\\x00b");
}

TEST_CASE("utf8: characters that change the text direction or have no width are escaped") {
  CHECK(printable("\u202e") == "\\xe2\\x80\\xae");
  CHECK(printable("\u2066x") == "\\xe2\\x81\\xa6x");
  CHECK(printable("\u200b\ufeff") == "\\xe2\\x80\\x8b\\xef\\xbb\\xbf");
  CHECK(printable("\u2028") == "\\xe2\\x80\\xa8");
}

TEST_CASE("utf8: characters that are invisible or blank are escaped") {
  constexpr char32_t invisible[] = {0xad,    0x34f,   0x61c,   0x115f,  0x1160,  0x17b4,  0x180b,  0x180e,  0x180f,
                                    0x200b,  0x200e,  0x202a,  0x2060,  0x2064,  0x206f,  0x2800,  0x3164,  0xfe00,
                                    0xfeff,  0xffa0,  0xfff0,  0xfff9,  0xfffc,  0x13430, 0x16fe4, 0x1bca0, 0x1d159,
                                    0x1d173, 0xe0001, 0xe007f, 0xe0100, 0xe0fff, 0x1fffe, 0x10ffff};
  constexpr char32_t blank[] = {0xa0, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
  constexpr char32_t visible[] = {0x20, 0xa1, 0xae, 0x35f, 0x600, 0x2010, 0x2801, 0x3131, 0x3163, 0xfffd, 0x1d158};
  for (auto const code_point : invisible) CHECK_FALSE(shows(code_point));
  for (auto const code_point : blank) CHECK_FALSE(shows(code_point));
  for (auto const code_point : visible) CHECK(shows(code_point));
}

TEST_CASE("utf8: a joiner or a variation selector without a visible effect is escaped") {
  CHECK(printable("\u200d") == "\\xe2\\x80\\x8d");
  CHECK(printable("bo\u200db") == "bo\\xe2\\x80\\x8db");
  CHECK(printable("bob\ufe0f") == "bob\\xef\\xb8\\x8f");
  CHECK(printable("❤\ufe0f\ufe0f") == "❤\ufe0f\\xef\\xb8\\x8f");
  CHECK(printable("👩\u200d\u200d💻") == "👩\u200d\\xe2\\x80\\x8d💻");
  CHECK(printable("\u202e\u200d") == "\\xe2\\x80\\xae\\xe2\\x80\\x8d");
}

TEST_CASE("utf8: invalid UTF-8 is escaped byte by byte, and the text after it is kept") {
  CHECK(printable("caf\xe9") == "caf\\xe9");                       // Latin-1
  CHECK(printable("\xc3(") == "\\xc3(");                           // no continuation byte
  CHECK(printable("\xe2\x82") == "\\xe2\\x82");                    // truncated
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");                    // overlong encoding
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  CHECK(printable("\xff\xfe\x80ok") == "\\xff\\xfe\\x80ok");       // never in UTF-8
}

TEST_CASE("utf8: a character is zero, one or two columns wide") {
  CHECK(columns(U'a') == 1);
  CHECK(columns(U'é') == 1);
  CHECK(columns(0x301) == 0);  // a combining accent
  CHECK(columns(U'你') == 2);
  CHECK(columns(U'👍') == 2);
}
