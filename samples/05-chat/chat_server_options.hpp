// The command line of chat_server.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "options/server_options.hpp"
#include "shared_text.hpp"

struct chat_server_options : samples::server_options {
  std::size_t queue = 1000;               // messages
  std::uint64_t queue_size = 128 * 1024;  // bytes
  std::size_t history = 50;               // messages; at most half of `queue`
  std::uint32_t rate = 20;                // lines per second for each client; 0: no limit
  std::chrono::nanoseconds name_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds line_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds write_timeout = std::chrono::seconds(30);

  [[nodiscard]] text_limits queue_limits() const noexcept { return {queue, queue_size}; }
  /// A room's history is sent to each new member and must not fill its queue.
  [[nodiscard]] text_limits history_limits() const noexcept { return {history, queue_size / 2}; }

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static chat_server_options read(int argc, char** argv);
};
