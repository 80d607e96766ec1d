// A datagram that is being served, and how to answer it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "strait/base/buffer.hpp"
#include "strait/net/datagram.hpp"
#include "strait/net/endpoint.hpp"
#include "strait/net/local_endpoint.hpp"
#include "strait/server/detail/datagram_counts.hpp"

namespace strait {

template <class Endpoint>
class basic_datagram_request;

namespace detail {

template <class Endpoint>
class receive_awaiter;
template <class Endpoint, class Socket, class Handler>
class datagram_service;

/// The address of an unnamed sender has no bytes: then it goes to where the socket is connected to.
class reply_awaiter final : public datagram_awaiter {
 public:
  template <class Bytes>
  reply_awaiter(datagram_socket* socket, Bytes bytes, void* to, unsigned size, datagram_counts& counts) noexcept
      : datagram_awaiter(kind::sendto, socket, bytes), counts_(counts) {
    name_ = size != 0 ? to : nullptr;
    name_size_ = size;
  }
  void await_resume() const {
    check();
    counts_.replies.add(1);
    counts_.bytes_sent.add(moved_);
  }

 private:
  datagram_counts& counts_;
};

/// A reply before it is awaited.
template <class Endpoint, class Bytes>
class [[nodiscard("co_await it")]] reply_operation {
 public:
  using await_result = void;
  reply_operation(basic_datagram_request<Endpoint>& to, Bytes bytes) noexcept
      : to_(to), data_(bytes.data()), size_(bytes.size()) {}
  reply_awaiter operator co_await() const noexcept {
    return {to_.socket_, Bytes(data_, size_), to_.from_.bytes, to_.from_.size, to_.counts_};
  }

 private:
  basic_datagram_request<Endpoint>& to_;
  decltype(std::declval<Bytes&>().data()) data_;
  std::size_t size_;
};

}  // namespace detail

/// A datagram that has come, for the handler of a `serve`. It, and the bytes, are there until the handler has ended.
template <class Endpoint>
class basic_datagram_request {
 public:
  basic_datagram_request(basic_datagram_request const&) = delete;
  basic_datagram_request& operator=(basic_datagram_request const&) = delete;

  /// The payload.
  [[nodiscard]] const_buffer bytes() const noexcept { return bytes_; }
  /// The payload as text.
  [[nodiscard]] std::string_view text() const noexcept {
    return {static_cast<char const*>(bytes_.data()), bytes_.size()};
  }
  /// Who has sent it, or so it says: over IP, that proves nothing.
  [[nodiscard]] Endpoint from() const noexcept { return Endpoint::from_sockaddr(from_.bytes, from_.size); }
  /// It was longer than `max_datagram_size`: the rest of it is gone.
  [[nodiscard]] bool truncated() const noexcept { return is_truncated_; }

  /// Sends `bytes`, which must outlive the operation, as one datagram to where this one has come from, from the socket
  /// that it has come to. Any number of them. Completes when the system has taken it, as `sendto` does. Throws `error`;
  /// to an unnamed `local::endpoint`, unless the socket is connected.
  [[nodiscard]] auto reply(const_buffer bytes) noexcept {
    return detail::reply_operation<Endpoint, const_buffer>(*this, bytes);
  }
  /// The same from several buffers, which make one datagram; 63 at most.
  [[nodiscard]] auto reply(const_buffers bytes) noexcept {
    return detail::reply_operation<Endpoint, const_buffers>(*this, bytes);
  }

 private:
  friend class detail::receive_awaiter<Endpoint>;
  template <class, class>
  friend class detail::reply_operation;
  template <class, class, class>
  friend class detail::datagram_service;

  basic_datagram_request(detail::datagram_socket* socket, detail::datagram_counts& counts) noexcept
      : socket_(socket), counts_(counts) {}

  detail::datagram_socket* socket_;
  detail::datagram_counts& counts_;
  const_buffer bytes_;
  bool is_truncated_ = false;
  detail::socket_address<Endpoint> from_;  // decoded for those only who want to know
};

namespace udp {

/// A datagram of a UDP server.
using request = basic_datagram_request<endpoint>;

}  // namespace udp

namespace local {

/// A datagram of a server within the host.
using request = basic_datagram_request<endpoint>;

}  // namespace local
}  // namespace strait
