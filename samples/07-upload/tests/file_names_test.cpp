#include "protocol/file_names.hpp"

#include <string>

#include "catch.hpp"

using namespace samples::upload;
using namespace std::string_literals;

namespace {

std::string reason(std::string const& name) { return check_name(name).value_or("a good name"); }

}  // namespace

TEST_CASE("file_names: names with one or more parts, in any script, with spaces and dots are valid") {
  for (auto const* name : {"a",
                           "a.txt",
                           "a/b/c",
                           "...",
                           "a..b",
                           ".hidden",
                           "..x/x..",
                           "with space/and ' \" \\ * ? : |",
                           "-",
                           "~",
                           "CON",
                           "\u4f60\u597d/\u4e16\u754c",
                           "\u05e9\u05dc\u05d5\u05dd",
                           "na\u00efve",
                           "nai\u0308ve",
                           "\u0917\u093e\u0928\u093e",
                           "\u0440\u0443\u0441\u0441\u043a\u0438\u0439",
                           "\u65e5\u672c\u8a9e",
                           "\ud55c\uad6d\uc5b4",
                           "\U0001f44d\U0001f3fd.png",
                           "\u00a0",
                           ".upload",
                           "upload-a",
                           ".Upload-x",
                           "a.upload-"}) {
    INFO(name);
    CHECK(reason(name) == "a good name");
  }
}

TEST_CASE("file_names: empty names, absolute names and empty parts are invalid") {
  CHECK(reason("") == "a name must not be empty");
  CHECK(reason("/etc/passwd") == "a name must not begin with /");
  CHECK(reason("/") == "a name must not begin with /");
  CHECK(reason("a/") == "a name must not end with /");
  CHECK(reason("a//b") == "a name must not contain //");
}

TEST_CASE("file_names: the parts . and .. are invalid") {
  for (auto const* name : {"..", "../a", "a/..", "a/../b"}) CHECK(reason(name) == "a part of a name must not be ..");
  for (auto const* name : {".", "./a", "a/.", "a/./b"}) CHECK(reason(name) == "a part of a name must not be .");
}

TEST_CASE("file_names: the prefix of incomplete files is reserved") {
  for (auto const* name : {".upload-", ".upload-1", "a/.upload-b/c"})
    CHECK(reason(name) == "a part of a name must not begin with .upload-");
}

TEST_CASE("file_names: control characters are invalid") {
  CHECK(reason("a\nb") == "a name must not contain control characters such as U+000A");
  CHECK(reason("a\0b"s) == "a name must not contain control characters such as U+0000");
  CHECK(reason("\x1b[2J") == "a name must not contain control characters such as U+001B");
  CHECK(reason("a\x7f") == "a name must not contain control characters such as U+007F");
  CHECK(reason("a\u0080") == "a name must not contain control characters such as U+0080");
  CHECK(reason("a\u009f") == "a name must not contain control characters such as U+009F");
  for (char byte = 0; byte < ' '; ++byte) CHECK(check_name("a"s + byte));
}

TEST_CASE("file_names: a name must be UTF-8") {
  for (auto const* name : {"caf\xe9", "\xff", "\x80", "\xc3", "\xc3(", "\xe2\x82", "\xc0\xaf", "\xc0\xae\xc0\xae/a",
                           "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe0\x80\xaf"}) {
    INFO(name);
    CHECK(reason(name) == "a name must be UTF-8");
  }
}

TEST_CASE("file_names: a part has at most 255 bytes, and a name 4000") {
  auto const part = std::string(255, 'a');
  CHECK(reason(part) == "a good name");
  CHECK(reason("x/" + part + "/y") == "a good name");
  CHECK(reason(part + "a") == "a part of a name must not exceed 255 bytes (it has 256)");
  CHECK(reason("x/" + part + "\u00e9") == "a part of a name must not exceed 255 bytes (it has 257)");

  std::string longest;
  while (longest.size() < 3999) longest += std::string(99, 'a') + "/";
  longest.resize(3999);
  longest += 'a';
  CHECK(longest.size() == 4000);
  CHECK(reason(longest) == "a good name");
  CHECK(reason(longest + "a") == "a name must not exceed 4000 bytes (it has 4001)");
}

TEST_CASE("file_names: a name has at most 100 parts") {
  std::string name = "a";
  for (std::size_t i = 1; i != max_parts; ++i) name += "/a";
  CHECK(reason(name) == "a good name");
  CHECK(reason(name + "/a") == "a name must not exceed 100 parts (it has 101)");
}
