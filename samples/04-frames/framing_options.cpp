#include "framing_options.hpp"

#include "options/command_line.hpp"

using strait::length_prefix;

void add_framing_options(samples::command_line& line, framing_options& into) {
  constexpr std::size_t most = 1024 * 1024 * 1024;
  line.add_choice<length_prefix>("--prefix", into.prefix,
                                 {{"u8", length_prefix::u8},
                                  {"u16-be", length_prefix::u16_be},
                                  {"u16-le", length_prefix::u16_le},
                                  {"u32-be", length_prefix::u32_be},
                                  {"u32-le", length_prefix::u32_le},
                                  {"u64-be", length_prefix::u64_be},
                                  {"u64-le", length_prefix::u64_le},
                                  {"varint", length_prefix::varint}},
                                 "how the length in front of each message is written; the other side must do the same");
  line.add_number<std::size_t>("--max-frame", into.max_frame, 1, most,
                               "bytes that a message may have, as far as the prefix can express them");
  line.add_flag("--naive", into.naive, "no framing: take what each read gives for a message, and see what comes of it");
}
