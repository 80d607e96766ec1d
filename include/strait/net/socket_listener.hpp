// What the listeners of all kinds of sockets have in common: accepting, closing.
//
// A listener belongs to one loop, as streams do, and one task at a time may accept from it.
#pragma once

#include <cstdint>

#include "strait/base/chrono.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/net/detail/socket_awaiter.hpp"

namespace strait {
namespace detail {

class listener_socket;

class accept_awaiter : public socket_awaiter<accept_awaiter>, private timer {
 protected:
  explicit accept_awaiter(listener_socket* socket) noexcept;
  ~accept_awaiter();

  /// The new connection's descriptor, for the caller to own. Throws if there is none.
  int take_connection();

  listener_socket* socket_;

 private:
  friend class socket_awaiter<accept_awaiter>;

  progress take_in(loop_core& loop) noexcept;
  void recalled() noexcept { reset(); }
  void expired() noexcept override;

  std::chrono::milliseconds back_off_{0};
  bool has_accepted_ = false;  // `moved_` is a descriptor to be closed or passed on
};

template <class Stream>
class accept_awaiter_for final : public accept_awaiter {
 public:
  explicit accept_awaiter_for(listener_socket* socket) noexcept : accept_awaiter(socket) {}
  Stream await_resume();
};

}  // namespace detail

/// The next connection of a listener, to be awaited: gives a `Stream`.
template <class Stream>
class [[nodiscard("co_await it")]] accept_operation {
 public:
  using await_result = Stream;
  explicit accept_operation(detail::listener_socket* const& socket) noexcept : socket_(&socket) {}
  detail::accept_awaiter_for<Stream> operator co_await() const noexcept {
    return detail::accept_awaiter_for<Stream>(*socket_);
  }

 private:
  detail::listener_socket* const* socket_;
};

/// A listening socket: what `tcp::listener` and `local::listener` have in common. Move-only; closes itself.
class socket_listener {
 public:
  /// How often `accept` has had to wait for descriptors or memory.
  [[nodiscard]] std::uint64_t back_offs() const noexcept;

  /// Stops listening. An `accept` under way ends with `errc::closed`. No effect on a closed one.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return socket_ != nullptr; }
  /// The descriptor, still owned by the listener; -1 if it is closed.
  [[nodiscard]] int native_handle() const noexcept;

 protected:
  socket_listener() noexcept = default;
  explicit socket_listener(detail::listener_socket* socket) noexcept : socket_(socket) {}
  socket_listener(socket_listener&& other) noexcept;
  socket_listener& operator=(socket_listener&& other) noexcept;
  ~socket_listener() { close(); }

  detail::listener_socket* socket_ = nullptr;
};

}  // namespace strait
