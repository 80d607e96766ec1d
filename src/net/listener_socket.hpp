// listener_socket: what stands behind a listener.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <sys/socket.h>

#include "net/watched_socket.hpp"
#include "strait/net/socket_listener.hpp"

namespace strait::detail {

/// A listening socket, and who accepts from it.
class listener_socket : public watched_socket {
 public:
  /// `where` it listens, for messages.
  explicit listener_socket(std::string where) noexcept : where_(std::move(where)) {}
  /// Closes; an accept under way ends.
  virtual ~listener_socket();

  [[nodiscard]] bool admits(accept_awaiter const&, loop_core const& loop) const noexcept {
    return loop_ == &loop && !accepting_;
  }
  void admit(accept_awaiter& operation, loop_core& loop);
  void occupy(accept_awaiter& operation) noexcept { accepting_ = &operation; }
  void vacate(accept_awaiter&) noexcept { accepting_ = nullptr; }

  [[nodiscard]] std::string const& where() const noexcept { return where_; }
  /// Who has connected last, if that was over IP.
  [[nodiscard]] endpoint peer() const noexcept { return endpoint::from_sockaddr(&peer_, sizeof peer_); }
  [[nodiscard]] std::uint64_t back_offs() const noexcept { return back_offs_; }
  /// Counts them in `also`, too.
  void count_back_offs(counter* also) noexcept { also_counted_ = also; }

 private:
  friend class accept_awaiter;
  [[nodiscard]] std::string name() const override;

  accept_awaiter* accepting_ = nullptr;
  void count_back_off() noexcept {
    ++back_offs_;
    if (also_counted_) also_counted_->add(1);
  }

  std::uint64_t back_offs_ = 0;
  counter* also_counted_ = nullptr;
  sockaddr_storage peer_{};
  std::string where_;
};

/// One that remembers its address, so that any thread may ask for it.
template <class Endpoint>
class listener_socket_at : public listener_socket {
 public:
  explicit listener_socket_at(Endpoint const& where) : listener_socket(where.to_string()), endpoint_(where) {}
  [[nodiscard]] Endpoint const& endpoint() const noexcept { return endpoint_; }

 private:
  Endpoint const endpoint_;
};

}  // namespace strait::detail
