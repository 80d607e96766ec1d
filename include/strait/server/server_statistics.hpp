// server_statistics: the counters of a server.
#pragma once

#include <cstdint>
#include <string>

#include "strait/base/fmt.hpp"

#include "strait/base/export.hpp"

namespace strait {

/// The counters of a server. Each accepted connection is counted in exactly one of `rejected`, `active`, `served`,
/// `failed`, `timed_out` and `aborted`.
struct STRAIT_API server_statistics {
  std::uint64_t accepted = 0;   ///< connections accepted
  std::uint64_t rejected = 0;   ///< closed at once: over a limit, or `on_connect` returned false or threw
  std::uint64_t active = 0;     ///< their handlers are running
  std::uint64_t served = 0;     ///< their handlers returned
  std::uint64_t failed = 0;     ///< their handlers threw
  std::uint64_t timed_out = 0;  ///< a time or rate limit ended them
  std::uint64_t aborted = 0;    ///< canceled because they had not ended when `drain` expired

  std::uint64_t drained = 0;           ///< of those that are not `aborted`: ended while their loop was draining
  std::uint64_t accept_back_offs = 0;  ///< how often accepting paused because descriptors or memory were exhausted
  std::uint64_t bytes_received = 0;    ///< by all connections
  std::uint64_t bytes_sent = 0;        ///< by all connections

  /// Adds the counters of `other`.
  server_statistics& operator+=(server_statistics const& other) noexcept;

  /// The counters as text, those that are zero omitted: "1000 accepted: 990 served, 7 failed, 2 timed out, 1 aborted;
  /// 64000 bytes received, 64000 sent".
  [[nodiscard]] std::string to_string() const;
};

}  // namespace strait

/// Formats the counters as `to_string` does. Accepts the format specifications of strings.
template <>
struct STRAIT_API fmt::formatter<strait::server_statistics> : fmt::formatter<fmt::string_view> {
  auto format(strait::server_statistics const& what, fmt::format_context& context) const
      -> fmt::format_context::iterator;
};
