// traffic_meter: what a stream moves, for those who have not got the stream.
#pragma once

#include <atomic>
#include <cstdint>

namespace strait {

class socket_stream;

namespace detail {

class stream_socket;

/// Bytes that a stream has moved. Written by its loop's thread only, so that it needs no locked instruction.
class byte_counts {
 public:
  [[nodiscard]] std::uint64_t received() const noexcept { return bytes_[0].load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t sent() const noexcept { return bytes_[1].load(std::memory_order_relaxed); }

 private:
  friend class stream_socket;
  void add(unsigned way, std::uint64_t more) noexcept {
    bytes_[way].store(bytes_[way].load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  void take(byte_counts const& from) noexcept {
    bytes_[0] = from.received();
    bytes_[1] = from.sent();
  }

  std::atomic<std::uint64_t> bytes_[2]{};  // input, output
};

/// Counts in the place of a stream, from `attach` until one of them ends. Belongs to that stream's loop; but what it
/// has counted any thread may ask.
class traffic_meter : public byte_counts {
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
