#include "protocol/digest.hpp"

#include <cstddef>
#include <initializer_list>
#include <string>

#include "catch.hpp"

using namespace samples::upload;

namespace {

std::string digest_of(std::string const& text) {
  digester all;
  all.update(text);
  return to_hex(all.value());
}

}  // namespace

TEST_CASE("digest: to_hex returns what xxh128sum prints") {
  CHECK(digest_of("") == "99aa06d3014798d86001c324468d497f");
  CHECK(digest_of("hello\n") == "6bba86c7e069f56d5a10b435f1c8e49c");
  CHECK(digest_of(std::string(1'000'000, 'a')) == "a545df8e384a9579b1fd6fae5285c4eb");
}

TEST_CASE("digest: the digest does not depend on the sizes of the pieces") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += static_cast<char>(static_cast<unsigned>(i) * static_cast<unsigned>(i) >> 3);
  for (auto const piece : std::initializer_list<std::size_t>{1, 7, 4096, 65536}) {
    digester all;
    for (std::size_t at = 0; at < text.size(); at += piece) all.update(text.substr(at, piece));
    CHECK(to_hex(all.value()) == digest_of(text));
  }
}

TEST_CASE("digest: the value can be read before all pieces are added") {
  digester all;
  all.update("hel");
  CHECK(to_hex(all.value()) == digest_of("hel"));
  all.update("lo\n");
  CHECK(to_hex(all.value()) == digest_of("hello\n"));
}
