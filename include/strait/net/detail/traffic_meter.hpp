// traffic_meter: what a stream moves, for those who have not got the stream.
#pragma once

#include <cstdint>

#include "strait/base/export.hpp"
#include "strait/core/detail/counter.hpp"

namespace strait {

class socket_stream;

namespace detail {

class stream_socket;

/// Bytes that a stream has moved.
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

/// Counts in the place of a stream, from `attach` until one of them ends. Belongs to that stream's loop; but what it
/// has counted any thread may ask.
class STRAIT_API traffic_meter : public byte_counts {
 public:
  traffic_meter() noexcept = default;
  traffic_meter(traffic_meter const&) = delete;
  traffic_meter& operator=(traffic_meter const&) = delete;
  ~traffic_meter();

  /// What `stream`, which is open and has no other meter, has moved before counts, too. Once.
  void attach(socket_stream& stream) noexcept;

 private:
  friend class stream_socket;
  stream_socket* stream_ = nullptr;
};

}  // namespace detail
}  // namespace strait
