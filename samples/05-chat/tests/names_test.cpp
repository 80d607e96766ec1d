#include "names.hpp"

#include "catch.hpp"

TEST_CASE("names: letters, digits, - and _ are allowed") {
  for (auto const* name : {"a", "Alice", "bob_2", "-", "x-y", "12345678901234567890"}) CHECK(is_name(name));
}

TEST_CASE("names: other characters, empty names and long names are not allowed") {
  for (auto const* text : {"", "two words", "tab\t", "*", "a:", "/nick", "a.b", "é", "\x1b", "123456789012345678901"})
    CHECK_FALSE(is_name(text));
}

TEST_CASE("names: case is ignored") {
  CHECK(folded("Alice") == folded("aLICE"));
  CHECK(folded("a_B-9") == "a_b-9");
  CHECK(folded("alice") != folded("alicf"));
}
