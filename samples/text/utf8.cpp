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

// Sorted. Unicode 15.0: the properties Default_Ignorable_Code_Point (DerivedCoreProperties.txt), Bidi_Control and
// White_Space (PropList.txt), the general categories Cc, Cf, Zl and Zp (UnicodeData.txt), except U+0020, the visible
// Prepended_Concatenation_Marks, and `shaping` below. Also characters that fonts render as a blank or not at all:
// U+2800 BRAILLE PATTERN BLANK, U+FFFC OBJECT REPLACEMENT CHARACTER, U+16FE4 KHITAN SMALL SCRIPT FILLER, U+1D159
// MUSICAL SYMBOL NULL NOTEHEAD. For noncharacters see `is_noncharacter`.
constexpr range hidden[] = {
    {0x00, 0x1f},       {0x7f, 0xa0},       {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},
    {0x115f, 0x1160},   {0x1680, 0x1680},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x2000, 0x200b},
    {0x200e, 0x200f},   {0x2028, 0x202f},   {0x205f, 0x206f},   {0x2800, 0x2800},   {0x3000, 0x3000},
    {0x3164, 0x3164},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffc},   {0x13430, 0x1343f},
    {0x16fe4, 0x16fe4}, {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

// General category Zs.
constexpr range blank[] = {{0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
                           {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

constexpr char32_t zero_width_joiner = 0x200d;
constexpr char32_t last_variation_selector = 0xfe0f;

// Joiners and variation selectors: invisible, but they change the shape of the characters in `shaped`.
constexpr range shaping[] = {{0x200c, zero_width_joiner}, {0xfe00, last_variation_selector}};

// The blocks of scripts with joining letters (Arabic to Myanmar, Khmer to Vedic, and their extensions), and the blocks
// of emoji and other symbols (Unicode Technical Standard 51).
constexpr range shaped[] = {{0xa9, 0xa9},     {0xae, 0xae},       {0x600, 0x109f},    {0x1780, 0x1cff},
                            {0x203c, 0x2bff}, {0x3030, 0x303d},   {0x3297, 0x3299},   {0xa800, 0xabff},
                            {0xfb50, 0xfdff}, {0x10a00, 0x11fff}, {0x1e900, 0x1e95f}, {0x1f000, 0x1faff}};

// Combining marks, joiners and variation selectors.
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

/// Whether `size` is the shortest encoding of the code point, which is within Unicode and not a surrogate.
bool is_well_formed(char32_t code_point, std::size_t size) noexcept {
  constexpr char32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  bool const is_surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  return code_point >= smallest[size - 1] && !is_surrogate && code_point <= 0x10ffff;
}

/// Whether the code point is a noncharacter (Unicode Standard, section 23.7).
bool is_noncharacter(char32_t code_point) noexcept {
  return (code_point & 0xfffe) == 0xfffe || (code_point >= 0xfdd0 && code_point <= 0xfdef);
}

/// Whether a joiner or variation selector has a visible effect after the character `before`.
bool has_effect_after(char32_t before, char32_t code_point) noexcept {
  return is_in(shaped, before) || (before == last_variation_selector && code_point == zero_width_joiner);
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

bool is_printable(char32_t code_point) noexcept { return !is_in(hidden, code_point) && !is_noncharacter(code_point); }

bool is_blank(char32_t code_point) noexcept { return is_in(blank, code_point); }

std::size_t columns(char32_t code_point) noexcept {
  if (is_in(narrow, code_point)) return 0;
  return is_in(wide, code_point) ? 2 : 1;
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  char32_t before = 0;
  while (!text.empty()) {
    auto const next = first_character(text);
    auto const bytes = text.substr(0, next.size);
    text.remove_prefix(next.size);
    bool const is_shown = next.is_valid && is_printable(next.code_point) &&
                          (!is_in(shaping, next.code_point) || has_effect_after(before, next.code_point));
    if (is_shown) shown += bytes;
    else shown += escaped(bytes);
    before = is_shown ? next.code_point : 0;
  }
  return shown;
}

}  // namespace samples
