// The interface that all listeners share: accepting and closing.
//
// A listener belongs to one loop, as a stream does. Only one task at a time may accept from it.
#pragma once

#include <cstdint>

#include "strait/base/chrono.hpp"
#include "strait/base/export.hpp"
#include "strait/core/detail/counter.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/net/detail/socket_awaiter.hpp"
#include "strait/net/detail/socket_handle.hpp"

namespace strait {

class socket_listener;

namespace detail {

class listener_socket;

/// Access for servers, which count the back-offs of all their listeners.
class STRAIT_API back_off_counting {
 public:
  /// Makes `of` count its back-offs in `also` as well, which must exist until `of` is closed. Null ends this.
  static void count(socket_listener& of, counter* also) noexcept;
};

class STRAIT_API accept_awaiter : public socket_awaiter<accept_awaiter>, private timer {
 protected:
  explicit accept_awaiter(listener_socket* socket) noexcept;
  ~accept_awaiter();

  /// The descriptor of the new connection, which the caller then owns. Throws if there is none.
  int take_connection();

  listener_socket* socket_;

 private:
  friend class socket_awaiter<accept_awaiter>;

  progress take_in(loop_core& loop) noexcept;
  void recalled() noexcept { reset(); }
  void expired() noexcept override;

  std::chrono::milliseconds back_off_{0};
  bool has_accepted_ = false;  // `moved_` is a descriptor that must be closed or passed on
};

template <class Stream>
class accept_awaiter_for final : public accept_awaiter {
 public:
  explicit accept_awaiter_for(listener_socket* socket) noexcept : accept_awaiter(socket) {}
  Stream await_resume();
};

extern template class STRAIT_API socket_handle<listener_socket>;

}  // namespace detail

/// An accept that has not been awaited yet. Its result is a `Stream`.
template <class Stream>
class [[nodiscard("co_await it")]] accept_operation {
 public:
  /// The result of `co_await`.
  using await_result = Stream;
  /// Made by `accept`.
  explicit accept_operation(detail::listener_socket* const& socket) noexcept : socket_(&socket) {}
  /// Begins to accept.
  detail::accept_awaiter_for<Stream> operator co_await() const noexcept {
    return detail::accept_awaiter_for<Stream>(*socket_);
  }

 private:
  detail::listener_socket* const* socket_;
};

/// A listening socket: the base class of `tcp::listener` and `local::listener`. Move-only; the destructor closes it.
class STRAIT_API socket_listener : public detail::socket_handle<detail::listener_socket> {
 public:
  /// The number of times that `accept` had to wait because file descriptors or memory were exhausted.
  [[nodiscard]] std::uint64_t back_offs() const noexcept;

 protected:
  using socket_handle::socket_handle;

 private:
  friend class detail::back_off_counting;
};

}  // namespace strait
