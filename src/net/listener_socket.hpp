// listener_socket: the object behind a listener.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <sys/socket.h>

#include "net/watched_socket.hpp"
#include "strait/net/socket_listener.hpp"

namespace strait::detail {

/// A listening socket and the operation that accepts from it.
class listener_socket : public watched_socket {
 public:
  /// `where` is the endpoint that it listens on, for messages.
  explicit listener_socket(std::string where) noexcept : where_(std::move(where)) {}
  /// Closes the socket; an accept in progress ends.
  virtual ~listener_socket();

  [[nodiscard]] bool admits(accept_awaiter const&, loop_core const& loop) const noexcept {
    return loop_ == &loop && !accepting_;
  }
  void admit(accept_awaiter& operation, loop_core& loop);
  void occupy(accept_awaiter& operation) noexcept { accepting_ = &operation; }
  void vacate(accept_awaiter&) noexcept { accepting_ = nullptr; }

  [[nodiscard]] std::string const& where() const noexcept { return where_; }
  /// The peer of the last connection, if it is an IP connection.
  [[nodiscard]] endpoint peer() const noexcept { return endpoint::from_sockaddr(&peer_, sizeof peer_); }
  [[nodiscard]] std::uint64_t back_offs() const noexcept { return back_offs_; }
  /// Counts back-offs in `also` as well.
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

/// A listener that stores its address, so that any thread may read it.
template <class Endpoint>
class listener_socket_at : public listener_socket {
 public:
  explicit listener_socket_at(Endpoint const& where) : listener_socket(where.to_string()), endpoint_(where) {}
  [[nodiscard]] Endpoint const& endpoint() const noexcept { return endpoint_; }

 private:
  Endpoint const endpoint_;
};

}  // namespace strait::detail
