// listener_socket: what stands behind a tcp::listener.
#pragma once

#include <cstdint>

#include <sys/socket.h>

#include "core/loop.hpp"
#include "engine/engine.hpp"
#include "net/descriptor.hpp"
#include "strait/net/tcp.hpp"

namespace strait::detail {

/// A listening socket, which a loop watches from its first accept on; when that loop ends, it can go on on another.
class listener_socket final : private loop_user {
 public:
  explicit listener_socket(endpoint const& where) noexcept : where_(where) {}
  /// Closes; an accept under way ends.
  ~listener_socket();

  /// From here on `descriptor` is this socket's to close.
  void own(int descriptor) noexcept { descriptor_ = unique_descriptor(descriptor); }

  /// Throws if `operation` may not accept here.
  void admit(accept_awaiter& operation, branch& where);

  [[nodiscard]] endpoint const& where() const noexcept { return where_; }
  [[nodiscard]] int native_handle() const noexcept { return watched_ ? watched_->native_handle() : descriptor_.get(); }

  /// The stream of a connection that has been accepted, which `peer` names.
  [[nodiscard]] tcp::stream adopt(unique_descriptor accepted) const;

 private:
  friend class accept_awaiter;
  friend class tcp::listener;
  void loop_ended() noexcept override;

  engine::socket* watched_ = nullptr;
  loop_core* loop_ = nullptr;
  accept_awaiter* accepting_ = nullptr;
  std::uint64_t back_offs_ = 0;
  sockaddr_storage peer_{};       // of the last connection
  unique_descriptor descriptor_;  // until a loop watches it
  endpoint where_;
};

}  // namespace strait::detail
