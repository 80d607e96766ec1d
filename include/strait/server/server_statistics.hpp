// server_statistics: how a server fares.
#pragma once

#include <cstdint>
#include <string>

#include "strait/base/fmt.hpp"

#include "strait/base/export.hpp"

namespace strait {

/// What a server has done until now. Each connection that was accepted is counted in exactly one of `rejected`,
/// `active`, `served`, `failed`, `timed_out` and `aborted`.
struct STRAIT_API server_statistics {
  /// Connections that were accepted.
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;   ///< closed at once: there were too many, or `on_connect` said no
  std::uint64_t active = 0;     ///< their handlers have not ended
  std::uint64_t served = 0;     ///< their handlers have ended by themselves
  std::uint64_t failed = 0;     ///< their handlers have thrown
  std::uint64_t timed_out = 0;  ///< ended by a limit of time or rate
  std::uint64_t aborted = 0;    ///< canceled because they had not ended when `drain` expired

  std::uint64_t drained = 0;           ///< of those that are not `aborted`: ended while their loop was draining
  std::uint64_t accept_back_offs = 0;  ///< how often descriptors or memory for another one were wanting
  /// Data that was received, in bytes.
  std::uint64_t bytes_received = 0;
  /// Data that was sent, in bytes.
  std::uint64_t bytes_sent = 0;

  server_statistics& operator+=(server_statistics const& other) noexcept;

  /// "1000 accepted: 990 served, 7 failed, 2 timed out, 1 aborted; 64000 bytes received, 64000 sent": what is zero is
  /// left out.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace strait

/// Takes the format specifications of strings.
template <>
struct STRAIT_API fmt::formatter<strait::server_statistics> : fmt::formatter<fmt::string_view> {
  auto format(strait::server_statistics const& what, fmt::format_context& context) const
      -> fmt::format_context::iterator;
};
