// stream_socket: what stands behind a tcp::stream.
#pragma once

#include <cstdint>

#include "core/loop.hpp"
#include "engine/engine.hpp"
#include "net/descriptor.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/net/tcp.hpp"

namespace strait::detail {

/// A connected socket, who reads and writes it, and since when nothing has moved. A loop watches it from its first
/// operation on; when that loop ends, it can go on on another.
class alignas(64) stream_socket final : private loop_user {  // aligned: what a message touches is one cache line
 public:
  explicit stream_socket(endpoint const& peer) noexcept : peer_(peer) {}
  /// Closes; operations under way end.
  ~stream_socket();

  /// The stream of a connection with `peer`, which takes over its descriptor.
  [[nodiscard]] static tcp::stream make_stream(unique_descriptor descriptor, endpoint const& peer);

  /// From here on `descriptor` is this socket's to close.
  void own(int descriptor) noexcept { descriptor_ = unique_descriptor(descriptor); }

  /// Whether `operation` may begin on `loop`; if not, `admit` sees to it or throws.
  [[nodiscard]] bool admits(transfer_awaiter const& operation, loop_core const& loop) noexcept {
    return loop_ == &loop && !place_of(operation);
  }
  void admit(transfer_awaiter const& operation, loop_core& loop);
  /// `operation` waits.
  void occupy(transfer_awaiter& operation) noexcept {
    place_of(operation) = &operation;
    if (idle_limit_ != 0) {
      last_moved_ = loop_->now;
      if (!deadline_.is_set()) watch_idleness();
    }
  }
  /// It does no longer.
  void vacate(transfer_awaiter& operation) noexcept {
    place_of(operation) = nullptr;
    if (idle_limit_ != 0 && (reader_ || writer_)) touch();
  }
  /// Bytes have moved: at once, or while something waited.
  void moved_at_once() noexcept {
    if (idle_limit_ != 0) last_moved_ = loop_->now;
  }
  void touch() noexcept;

  void set_idle_limit(std::int64_t nanoseconds) noexcept;

  [[nodiscard]] engine::socket& watched() const noexcept { return *watched_; }
  [[nodiscard]] endpoint const& peer() const noexcept { return peer_; }
  [[nodiscard]] int native_handle() const noexcept { return watched_ ? watched_->native_handle() : descriptor_.get(); }
  [[nodiscard]] int release() noexcept;

 private:
  transfer_awaiter*& place_of(transfer_awaiter const& operation) noexcept {
    return operation.what_ == io_operation::kind::read ? reader_ : writer_;
  }
  class idle_deadline final : public timer {
   public:
    explicit idle_deadline(stream_socket& of) noexcept : of_(of) {}

   private:
    void expired() noexcept override { of_.check_idleness(); }
    stream_socket& of_;
  };

  void watch_idleness() noexcept;
  void check_idleness() noexcept;
  void loop_ended() noexcept override;

  engine::socket* watched_ = nullptr;
  loop_core* loop_ = nullptr;
  transfer_awaiter* reader_ = nullptr;
  transfer_awaiter* writer_ = nullptr;
  std::int64_t idle_limit_ = 0;  // nanoseconds; 0: none
  std::int64_t last_moved_ = 0;  // in the loop's time; kept while there is a limit
  idle_deadline deadline_{*this};
  unique_descriptor descriptor_;  // until a loop watches it
  endpoint peer_;
};

}  // namespace strait::detail
