#include "framing_options.hpp"

#include "options/command_line.hpp"

using strait::length_prefix;

void add_framing_options(samples::command_line& line, framing_options& into) {
  constexpr std::size_t highest = 1024 * 1024 * 1024;
  line.add_choice<length_prefix>("--prefix", into.prefix,
                                 {{"u8", length_prefix::u8},
                                  {"u16-be", length_prefix::u16_be},
                                  {"u16-le", length_prefix::u16_le},
                                  {"u32-be", length_prefix::u32_be},
                                  {"u32-le", length_prefix::u32_le},
                                  {"u64-be", length_prefix::u64_be},
                                  {"u64-le", length_prefix::u64_le},
                                  {"varint", length_prefix::varint}},
                                 "encoding of the length in front of each message; must be the same on both sides");
  line.add_number<std::size_t>("--max-frame", into.max_frame, 1, highest,
                               "maximum size of a message in bytes; the encoding of the length may limit it further");
  line.add_flag("--naive", into.naive,
                "no framing: treat the result of each read as a message, to show what goes wrong");
}
