// The options by which frame_server and frame_client agree on how messages are told apart.
#pragma once

#include <cstddef>

#include "strait/io/framing.hpp"

namespace samples {

class command_line;

}  // namespace samples

struct framing_options {
  bool naive = false;  // no framing at all
  strait::length_prefix prefix = strait::length_prefix::u32_be;
  std::size_t max_frame = 1024 * 1024;  // bytes of a message, the prefix not counted

  [[nodiscard]] strait::frame_format format() const noexcept {
    return strait::frame_format::prefixed(prefix, max_frame);
  }
};

/// Adds them to `line`, which must be read before `into` ends.
void add_framing_options(samples::command_line& line, framing_options& into);
