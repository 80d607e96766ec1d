// What the listeners of all kinds of sockets have in common: accepting, closing.
//
// A listener belongs to one loop, as streams do, and only one task may accept at a time from it.
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

/// For a server, which counts the back-offs of all its listeners.
class STRAIT_API back_off_counting {
 public:
  /// Has `of` add its back-offs to `also`, too, which must be there until `of` is closed; null: no longer.
  static void count(socket_listener& of, counter* also) noexcept;
};

class STRAIT_API accept_awaiter : public socket_awaiter<accept_awaiter>, private timer {
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

extern template class STRAIT_API socket_handle<listener_socket>;

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
class STRAIT_API socket_listener : public detail::socket_handle<detail::listener_socket> {
 public:
  /// How often `accept` has had to wait for descriptors or memory.
  [[nodiscard]] std::uint64_t back_offs() const noexcept;

 protected:
  using socket_handle::socket_handle;

 private:
  friend class detail::back_off_counting;
};

}  // namespace strait
