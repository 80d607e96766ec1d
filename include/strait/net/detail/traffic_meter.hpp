// traffic_meter: counts the bytes that a stream transfers, for readers without access to the stream.
#pragma once

#include <cstdint>

#include "strait/base/export.hpp"
#include "strait/core/detail/counter.hpp"

namespace strait {

class socket_stream;

namespace detail {

class stream_socket;

/// The numbers of bytes that a stream has transferred.
class byte_counts {
 public:
  [[nodiscard]] std::uint64_t received() const noexcept { return ways_[0].get(); }
  [[nodiscard]] std::uint64_t sent() const noexcept { return ways_[1].get(); }

 private:
  friend class stream_socket;
  void add(unsigned way, std::uint64_t more) noexcept { ways_[way].add(more); }
  void take(byte_counts const& from) noexcept {
    ways_[0].set(from.received());
    ways_[1].set(from.sent());
  }

  counter ways_[2];  // input, output
};

/// Counts in place of a stream, from `attach` until one of them is destroyed. Belongs to the stream's loop, but any
/// thread may read the counts.
class STRAIT_API traffic_meter : public byte_counts {
 public:
  traffic_meter() noexcept = default;
  traffic_meter(traffic_meter const&) = delete;
  traffic_meter& operator=(traffic_meter const&) = delete;
  ~traffic_meter();

  /// Attaches to `stream`, which must be open and have no other meter. Bytes that the stream has transferred before are
  /// included. Call at most once.
  void attach(socket_stream& stream) noexcept;

 private:
  friend class stream_socket;
  stream_socket* stream_ = nullptr;
};

}  // namespace detail
}  // namespace strait
