// datagram_statistics: how a datagram server fares.
#pragma once

#include <cstdint>
#include <string>

#include "strait/base/fmt.hpp"

#include "strait/base/export.hpp"

namespace strait {

/// What a datagram server has done until now. Each datagram that was received is counted in exactly one of `rejected`,
/// `active`, `served`, `failed`, `timed_out` and `aborted`. What the system has dropped, because its buffer was full,
/// it has not received.
struct STRAIT_API datagram_statistics {
  /// Datagrams that were received.
  std::uint64_t received = 0;
  std::uint64_t rejected = 0;   ///< `on_datagram` said no
  std::uint64_t active = 0;     ///< their handlers have not ended
  std::uint64_t served = 0;     ///< their handlers have ended by themselves
  std::uint64_t failed = 0;     ///< their handlers have thrown
  std::uint64_t timed_out = 0;  ///< ended by a limit of time
  std::uint64_t aborted = 0;    ///< canceled because they had not ended when `drain` expired

  std::uint64_t truncated = 0;       ///< of those received: longer than `max_datagram_size`
  std::uint64_t receive_errors = 0;  ///< how often the system would not receive, and was asked again
  /// Replies that were sent.
  std::uint64_t replies = 0;
  /// Payload that was received, in bytes.
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;  ///< by replies

  datagram_statistics& operator+=(datagram_statistics const& other) noexcept;

  /// "1000 received: 990 served, 10 rejected; 990 replies; 5000 bytes received, 23760 sent": what is zero is left out.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace strait

/// Takes the format specifications of strings.
template <>
struct STRAIT_API fmt::formatter<strait::datagram_statistics> : fmt::formatter<fmt::string_view> {
  auto format(strait::datagram_statistics const& what, fmt::format_context& context) const
      -> fmt::format_context::iterator;
};
