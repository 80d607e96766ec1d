// The framing options that frame_server and frame_client share.
#pragma once

#include <cstddef>

#include "strait/io/framing.hpp"

namespace samples {

class command_line;

}  // namespace samples

struct framing_options {
  bool naive = false;  // no framing at all
  strait::length_prefix prefix = strait::length_prefix::u32_be;
  std::size_t max_frame = 1024 * 1024;  // bytes of a message, without its prefix

  [[nodiscard]] strait::frame_format format() const noexcept {
    return strait::frame_format::prefixed(prefix, max_frame);
  }
};

/// Adds the framing options to `line`. `into` must outlive the parsing of `line`.
void add_framing_options(samples::command_line& line, framing_options& into);
