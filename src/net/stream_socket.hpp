// stream_socket: what stands behind a stream.
#pragma once

#include <cstdint>
#include <string>

#include "core/loop.hpp"
#include "net/watched_socket.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/net/socket_stream.hpp"

namespace strait::detail {

/// A connected socket, who reads and writes it, and since when nothing has moved.
class alignas(64) stream_socket : public watched_socket {  // aligned: what a message touches is one cache line
 public:
  /// Closes; operations under way end.
  virtual ~stream_socket();

  /// Whether `operation` may begin on `loop`; if not, `admit` sees to it or throws.
  [[nodiscard]] bool admits(transfer_awaiter const& operation, loop_core const& loop) noexcept {
    return loop_ == &loop && !place_of(operation);
  }
  void admit(transfer_awaiter const& operation, loop_core& loop);
  /// `operation` waits.
  void occupy(transfer_awaiter& operation) noexcept {
    place_of(operation) = &operation;
    if (has_idle_limit_) {
      last_moved_ = loop_->now;
      if (!deadline_.is_set()) watch_idleness();
    }
  }
  /// It does no longer.
  void vacate(transfer_awaiter& operation) noexcept {
    place_of(operation) = nullptr;
    if (has_idle_limit_ && (reader_ || writer_)) touch();
  }
  /// Bytes have moved: at once, or while something waited.
  void moved_at_once() noexcept {
    if (has_idle_limit_) last_moved_ = loop_->now;
  }
  void touch() noexcept;

  void set_idle_limit(std::int64_t nanoseconds) noexcept;

  /// For messages: "127.0.0.1:5000".
  [[nodiscard]] virtual std::string peer_name() const = 0;

 protected:
  stream_socket() noexcept = default;

 private:
  transfer_awaiter*& place_of(transfer_awaiter const& operation) noexcept {
    return operation.is_output() ? writer_ : reader_;
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
  [[nodiscard]] std::string name() const override;

  bool has_idle_limit_ = false;
  transfer_awaiter* reader_ = nullptr;
  transfer_awaiter* writer_ = nullptr;
  std::int64_t idle_limit_ = 0;  // nanoseconds
  std::int64_t last_moved_ = 0;  // in the loop's time; kept while there is a limit
  idle_deadline deadline_{*this};
};

}  // namespace strait::detail
