// listener_socket: what stands behind a tcp::listener.
#pragma once

#include <cstdint>

#include <sys/socket.h>

#include "engine/engine.hpp"
#include "net/descriptor.hpp"
#include "strait/net/tcp.hpp"

namespace strait::detail {

class listener_socket {
 public:
  explicit listener_socket(endpoint const& where) noexcept : where_(where) {}
  listener_socket(listener_socket const&) = delete;
  listener_socket& operator=(listener_socket const&) = delete;
  /// Closes; an accept under way ends.
  ~listener_socket();

  /// From here on `descriptor` is this socket's to close.
  void own(int descriptor) noexcept { descriptor_ = unique_descriptor(descriptor); }

  /// Throws if `operation` may not accept here.
  void admit(accept_awaiter& operation, branch& where);

  [[nodiscard]] endpoint const& where() const noexcept { return where_; }
  [[nodiscard]] int native_handle() const noexcept {
    return watched_ ? watched_->native_handle() : descriptor_.get();
  }

  /// The stream of a connection that has been accepted, which `peer` names.
  [[nodiscard]] tcp::stream adopt(unique_descriptor accepted) const;

 private:
  friend class accept_awaiter;
  friend class tcp::listener;
  engine::socket* watched_ = nullptr;
  loop_core* loop_ = nullptr;
  accept_awaiter* accepting_ = nullptr;
  std::uint64_t back_offs_ = 0;
  sockaddr_storage peer_{};       // of the last connection
  unique_descriptor descriptor_;  // until a loop watches it
  endpoint where_;
};

}  // namespace strait::detail
