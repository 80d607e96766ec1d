#include "text/utf8.hpp"

#include <string>

#include "catch.hpp"

using samples::columns;
using samples::printable;

TEST_CASE("utf8: what can be read stays as it is") {
  for (auto const* text : {"", "plain", "C:\\dir", "naïve café", "你好", "👍🏽", "👩‍💻", "שלום"})
    CHECK(printable(text) == text);
}

TEST_CASE("utf8: what would move the cursor, clear the screen or ring the bell is escaped") {
  CHECK(printable("\x1b[2J") == "\\x1b[2J");
  CHECK(printable("a\tb\rc\ad\x7f") == "a\\tb\\rc\\x07d\\x7f");
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\xc2\\x9b31m");  // U+009B is ESC [ in one character
  CHECK(printable(std::string("a\0b", 3)) == "a\\x00b");
}

TEST_CASE("utf8: what would turn the text around it, or cannot be seen, is escaped") {
  CHECK(printable("\u202e") == "\\xe2\\x80\\xae");
  CHECK(printable("\u2066x") == "\\xe2\\x81\\xa6x");
  CHECK(printable("\u200b\ufeff") == "\\xe2\\x80\\x8b\\xef\\xbb\\xbf");
  CHECK(printable("\u2028") == "\\xe2\\x80\\xa8");
}

TEST_CASE("utf8: what is no UTF-8 is escaped byte by byte, and what follows is not lost") {
  CHECK(printable("caf\xe9") == "caf\\xe9");                       // Latin-1
  CHECK(printable("\xc3(") == "\\xc3(");                           // no continuation
  CHECK(printable("\xe2\x82") == "\\xe2\\x82");                    // cut off
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");                    // longer than need be
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond Unicode
  CHECK(printable("\xff\xfe\x80ok") == "\\xff\\xfe\\x80ok");       // never in UTF-8
}

TEST_CASE("utf8: a character takes no, one or two columns") {
  CHECK(columns(U'a') == 1);
  CHECK(columns(U'é') == 1);
  CHECK(columns(0x301) == 0);  // an accent that stands on what is before it
  CHECK(columns(U'你') == 2);
  CHECK(columns(U'👍') == 2);
}
