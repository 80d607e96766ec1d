// Buffers: which types convert to a buffer, and which bytes the buffer then refers to.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <strait/base/buffer.hpp>

#include "catch.hpp"

using namespace strait;

namespace {

enum class octet : unsigned char {};

// Whether `buffer` refers to these `size` bytes at `data`.
template <class Buffer>
bool names(Buffer buffer, void const* data, std::size_t size) {
  return buffer.data() == data && buffer.size() == size;
}

template <class Range>
constexpr bool readable = std::is_convertible_v<Range&, const_buffer>;
template <class Range>
constexpr bool writable = std::is_convertible_v<Range&, mutable_buffer>;

}  // namespace

TEST_CASE("a default-constructed buffer is empty") {
  CHECK(mutable_buffer().empty());
  CHECK(const_buffer().empty());
  CHECK(names(const_buffer(), nullptr, 0));
}

TEST_CASE("a buffer consists of a pointer and a size") {
  int number = 0;
  CHECK(names(mutable_buffer(&number, sizeof number), &number, sizeof number));
  CHECK(names(const_buffer(&number, sizeof number), &number, sizeof number));
}

TEST_CASE("an array of any byte type converts to a buffer of the whole array") {
  char chars[5] = {};
  unsigned char unsigned_chars[6] = {};
  std::byte bytes[7] = {};
  std::uint8_t numbers[8] = {};
  octet octets[9] = {};
  CHECK(names(mutable_buffer(chars), chars, 5));
  CHECK(names(mutable_buffer(unsigned_chars), unsigned_chars, 6));
  CHECK(names(mutable_buffer(bytes), bytes, 7));
  CHECK(names(mutable_buffer(numbers), numbers, 8));
  CHECK(names(mutable_buffer(octets), octets, 9));
  CHECK(names(const_buffer(chars), chars, 5));
}

TEST_CASE("a contiguous container of bytes converts to a buffer of all its elements") {
  std::string text = "text";
  std::vector<std::byte> bytes(7);
  std::array<signed char, 3> array{};
  CHECK(names(mutable_buffer(text), text.data(), 4));
  CHECK(names(mutable_buffer(bytes), bytes.data(), 7));
  CHECK(names(mutable_buffer(array), array.data(), 3));
}

TEST_CASE("a span of bytes converts to a buffer of the same bytes") {
  unsigned char memory[10] = {};
  std::span<unsigned char> const whole = memory;
  std::span<unsigned char const> const part = whole.subspan(2, 5);
  CHECK(names(mutable_buffer(whole), memory, 10));
  CHECK(names(mutable_buffer(std::span(memory, 4)), memory, 4));
  CHECK(names(const_buffer(part), memory + 2, 5));
}

TEST_CASE("a const range converts to a const_buffer and not to a mutable_buffer") {
  STATIC_REQUIRE(readable<std::string const>);
  STATIC_REQUIRE(readable<std::string_view>);
  STATIC_REQUIRE(readable<std::span<unsigned char const>>);
  STATIC_REQUIRE(readable<std::array<char, 4> const>);
  STATIC_REQUIRE_FALSE(writable<std::string const>);
  STATIC_REQUIRE_FALSE(writable<std::string_view>);
  STATIC_REQUIRE_FALSE(writable<std::span<unsigned char const>>);
  STATIC_REQUIRE_FALSE(writable<char const[4]>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<const_buffer, mutable_buffer>);
}

TEST_CASE("a type that does not hold bytes does not convert to a buffer") {
  STATIC_REQUIRE_FALSE(readable<std::vector<int>>);
  STATIC_REQUIRE_FALSE(readable<wchar_t[4]>);
  STATIC_REQUIRE_FALSE(readable<std::vector<std::string>>);
  STATIC_REQUIRE_FALSE(readable<int>);
  STATIC_REQUIRE_FALSE(readable<char const*>);
}

TEST_CASE("bool is not accepted as a byte type") {
  STATIC_REQUIRE_FALSE(readable<bool[4]>);
  STATIC_REQUIRE_FALSE(readable<std::array<bool, 4>>);
  STATIC_REQUIRE_FALSE(readable<std::array<bool, 4> const>);
  STATIC_REQUIRE_FALSE(readable<std::vector<bool>>);
}

TEST_CASE("a string literal converts to a buffer without its final NUL") {
  CHECK(const_buffer("hello").size() == 5);
  CHECK(const_buffer("").empty());
  CHECK(const_buffer("a\0b").size() == 3);
}

TEST_CASE("an array of const char that does not end in NUL converts to a buffer of the whole array") {
  char const bytes[3] = {'a', 'b', 'c'};
  CHECK(const_buffer(bytes).size() == 3);
}

TEST_CASE("a string keeps the NULs that it holds") { CHECK(const_buffer(std::string("a\0b\0", 4)).size() == 4); }

TEST_CASE("a mutable_buffer converts to a const_buffer of the same bytes") {
  char memory[4] = {};
  mutable_buffer const buffer = memory;
  CHECK(names(const_buffer(buffer), memory, 4));
}

TEST_CASE("the total size of several buffers is the sum of their sizes") {
  char memory[100] = {};
  std::array<mutable_buffer, 3> const writable_parts{mutable_buffer(memory, 10), mutable_buffer(),
                                                     mutable_buffer(memory, 32)};
  std::array<const_buffer, 2> const readable_parts{const_buffer("head"), const_buffer(memory)};
  CHECK(total_size(mutable_buffers(writable_parts)) == 42);
  CHECK(total_size(const_buffers(readable_parts)) == 104);
  CHECK(total_size(const_buffers()) == 0);
}
