#include "text/utf8.hpp"

#include <algorithm>
#include <iterator>

#include "text/escaped.hpp"

namespace samples {
namespace {

struct range {
  char32_t first;
  char32_t last;
};

// Sorted. Unicode 15: general categories Cc, Cf, Zl and Zp but for the joiners, the soft hyphen and what only few
// scripts use; and what is no character.
constexpr range hidden[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},    {0x180e, 0x180e}, {0x200b, 0x200b},
                            {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},  {0xfdd0, 0xfdef}, {0xfeff, 0xfeff},
                            {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff}};

// Marks that stand on the character before, and joiners.
constexpr range narrow[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
                            {0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200c, 0x200d},
                            {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};

// East Asian Width W and F (Unicode Standard Annex 11), as blocks.
constexpr range wide[] = {{0x1100, 0x115f},  {0x2e80, 0x303e},   {0x3041, 0x4dbf},   {0x4e00, 0xa4cf},
                          {0xac00, 0xd7a3},  {0xf900, 0xfaff},   {0xfe30, 0xfe4f},   {0xff01, 0xff60},
                          {0xffe0, 0xffe6},  {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
                          {0x20000, 0x3fffd}};

template <std::size_t N>
bool is_in(range const (&ranges)[N], char32_t code_point) noexcept {
  auto const* const found = std::lower_bound(std::begin(ranges), std::end(ranges), code_point,
                                             [](range const& each, char32_t value) { return each.last < value; });
  return found != std::end(ranges) && found->first <= code_point;
}

/// Nothing shorter could have said it, and it is no surrogate and within Unicode.
bool is_well_formed(char32_t code_point, std::size_t size) noexcept {
  constexpr char32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  bool const is_surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  return code_point >= smallest[size - 1] && !is_surrogate && code_point <= 0x10ffff;
}

/// How many bytes there are in front of which all are printable characters, or none are.
std::size_t size_of_run(std::string_view text, bool of_printable) noexcept {
  std::size_t size = 0;
  while (size < text.size()) {
    auto const next = first_character(text.substr(size));
    if ((next.is_valid && is_printable(next.code_point)) != of_printable) break;
    size += next.size;
  }
  return size;
}

}  // namespace

std::size_t size_of_character(char first_byte) noexcept {
  auto const byte = static_cast<unsigned char>(first_byte);
  if (byte >= 0xf0 && byte < 0xf8) return 4;
  if (byte >= 0xe0 && byte < 0xf0) return 3;
  if (byte >= 0xc0 && byte < 0xe0) return 2;
  return 1;
}

utf8_character first_character(std::string_view text) noexcept {
  auto const first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {.code_point = first, .size = 1, .is_valid = true};
  auto const size = size_of_character(text.front());
  if (size == 1 || text.size() < size) return {};

  char32_t code_point = first & (0xffU >> (size + 1));
  for (char const each : text.substr(1, size - 1)) {
    auto const byte = static_cast<unsigned char>(each);
    if ((byte & 0xc0) != 0x80) return {};
    code_point = code_point << 6 | (byte & 0x3fU);
  }
  if (!is_well_formed(code_point, size)) return {};
  return {.code_point = code_point, .size = size, .is_valid = true};
}

bool is_printable(char32_t code_point) noexcept { return !is_in(hidden, code_point); }

std::size_t columns(char32_t code_point) noexcept {
  if (is_in(narrow, code_point)) return 0;
  return is_in(wide, code_point) ? 2 : 1;
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    auto const readable = size_of_run(text, true);
    shown += text.substr(0, readable);
    text.remove_prefix(readable);

    auto const escapable = size_of_run(text, false);
    shown += escaped(text.substr(0, escapable));
    text.remove_prefix(escapable);
  }
  return shown;
}

}  // namespace samples
