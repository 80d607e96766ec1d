// datagram_statistics: the counters of a datagram server.
#pragma once

#include <cstdint>
#include <string>

#include "strait/base/fmt.hpp"

#include "strait/base/export.hpp"

namespace strait {

/// The counters of a datagram server. Each received datagram is counted in exactly one of `rejected`, `active`,
/// `served`, `failed`, `timed_out` and `aborted`. Datagrams that the kernel dropped because its buffer was full are not
/// counted.
struct STRAIT_API datagram_statistics {
  std::uint64_t received = 0;   ///< datagrams received
  std::uint64_t rejected = 0;   ///< `on_datagram` returned false or threw
  std::uint64_t active = 0;     ///< their handlers are running
  std::uint64_t served = 0;     ///< their handlers returned
  std::uint64_t failed = 0;     ///< their handlers threw
  std::uint64_t timed_out = 0;  ///< a time limit ended their handlers
  std::uint64_t aborted = 0;    ///< canceled because they had not ended when `drain` expired

  std::uint64_t truncated = 0;       ///< received datagrams that were longer than `max_datagram_size`
  std::uint64_t receive_errors = 0;  ///< how often receiving failed and was retried
  std::uint64_t replies = 0;         ///< replies sent
  std::uint64_t bytes_received = 0;  ///< the contents of the received datagrams
  std::uint64_t bytes_sent = 0;      ///< the contents of the replies

  /// Adds the counters of `other`.
  datagram_statistics& operator+=(datagram_statistics const& other) noexcept;

  /// The counters as text, those that are zero omitted: "1000 received: 990 served, 10 rejected; 990 replies; 5000
  /// bytes received, 23760 sent".
  [[nodiscard]] std::string to_string() const;
};

}  // namespace strait

/// Formats the counters as `to_string` does. Accepts the format specifications of strings.
template <>
struct STRAIT_API fmt::formatter<strait::datagram_statistics> : fmt::formatter<fmt::string_view> {
  auto format(strait::datagram_statistics const& what, fmt::format_context& context) const
      -> fmt::format_context::iterator;
};
