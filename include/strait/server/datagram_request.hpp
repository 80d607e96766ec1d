// The request type that a datagram server passes to its handler, and the replies to it.
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

/// The address of an unnamed sender is empty; the reply is then sent to the peer that the socket is connected to.
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

/// A reply that has not been awaited yet.
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

/// A received datagram, as passed to the handler of a `serve`. The request and its bytes exist until the handler ends.
template <class Endpoint>
class basic_datagram_request {
 public:
  /// Not copyable.
  basic_datagram_request(basic_datagram_request const&) = delete;
  /// Not copyable.
  basic_datagram_request& operator=(basic_datagram_request const&) = delete;

  /// The contents.
  [[nodiscard]] const_buffer bytes() const noexcept { return bytes_; }
  /// The contents as text.
  [[nodiscard]] std::string_view text() const noexcept {
    return {static_cast<char const*>(bytes_.data()), bytes_.size()};
  }
  /// The sender's address. Over IP it can be forged.
  [[nodiscard]] Endpoint from() const noexcept { return Endpoint::from_sockaddr(from_.bytes, from_.size); }
  /// Whether the datagram was longer than `max_datagram_size`, and the excess was discarded.
  [[nodiscard]] bool truncated() const noexcept { return is_truncated_; }

  /// Sends `bytes` as one datagram to the sender, from the socket that received the request. `bytes` must outlive the
  /// operation. May be called any number of times. Completes when the kernel has accepted the datagram, as `sendto`
  /// does. Throws `error`, for example if the sender is an unnamed `local::endpoint` and the socket is not connected.
  [[nodiscard]] auto reply(const_buffer bytes) noexcept {
    return detail::reply_operation<Endpoint, const_buffer>(*this, bytes);
  }
  /// The same from several buffers, at most 63, which form one datagram.
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
  detail::socket_address<Endpoint> from_;  // converted only when `from` is called
};

namespace udp {

/// The request type of `udp` handlers.
using request = basic_datagram_request<endpoint>;

}  // namespace udp

namespace local {

/// The request type of `local` handlers.
using request = basic_datagram_request<endpoint>;

}  // namespace local
}  // namespace strait
