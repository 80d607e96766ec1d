// The interface that all datagram sockets share: receiving and sending single datagrams and batches.
//
// A socket belongs to one loop, as a stream does. Unlike a stream, it may be used by any number of tasks that receive
// and any number that send; they are served in first-come, first-served order. Errors are thrown as `error`, whose text
// names the operation and the address. Cancellation, a time-out or `close` ends an operation that waits; a datagram
// that arrived by then is returned, never lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "strait/base/buffer.hpp"
#include "strait/base/detail/owned.hpp"
#include "strait/base/export.hpp"
#include "strait/net/detail/datagram_awaiter.hpp"
#include "strait/net/detail/socket_address.hpp"
#include "strait/net/detail/socket_handle.hpp"

namespace strait {

/// The result of `recv`.
struct recv_result {
  std::size_t size;  ///< the number of bytes in the buffer; 0 for an empty datagram
  bool truncated;    ///< the datagram was longer than the buffer, and the excess was discarded
};

/// The result of `recvfrom`.
template <class Endpoint>
struct recvfrom_result {
  std::size_t size;  ///< the number of bytes in the buffer; 0 for an empty datagram
  Endpoint from;     ///< the sender
  bool truncated;    ///< the datagram was longer than the buffer, and the excess was discarded
};

/// One datagram of a batch. Refers to its bytes, and does not own them.
template <class Endpoint>
struct basic_datagram {
  const_buffer bytes;      ///< the contents
  Endpoint peer;           ///< the sender of a received datagram, the destination of one to be sent
  bool truncated = false;  ///< received datagrams: the datagram was longer than its slot, and the excess was discarded

  /// The contents as text.
  [[nodiscard]] std::string_view text() const noexcept {
    return {static_cast<char const*>(bytes.data()), bytes.size()};
  }
};

/// The buffer of `recv_batch`. Allocates when it is constructed, and again when it is first used with a socket that has
/// `receive_offload`; never after that. Only one operation may use it at a time. Move-only.
template <class Endpoint>
class basic_datagram_buffer {
 public:
  /// A buffer for `count` datagrams of up to `max_datagram_size` bytes each; both are at least 1. Longer datagrams are
  /// truncated and marked as such. With `receive_offload`, each slot has room for a datagram of any size.
  explicit basic_datagram_buffer(std::size_t count = 64, std::size_t max_datagram_size = 2048);
  /// Takes over the memory of the other buffer.
  basic_datagram_buffer(basic_datagram_buffer&&) noexcept;
  /// Takes over the memory of the other buffer.
  basic_datagram_buffer& operator=(basic_datagram_buffer&&) noexcept;
  /// Frees the memory.
  ~basic_datagram_buffer();

  /// The number of messages that one call can receive. With `receive_offload`, one message may contain many datagrams.
  [[nodiscard]] std::size_t capacity() const noexcept;
  /// The datagrams of the last `recv_batch`.
  [[nodiscard]] std::span<basic_datagram<Endpoint> const> datagrams() const noexcept {
    return {datagrams_.data(), size_};
  }

 private:
  template <class>
  friend class detail::recv_batch_awaiter;
  void reserve(std::size_t capacity);

  detail::owned<detail::receive_slots> slots_;
  std::vector<basic_datagram<Endpoint>> datagrams_;  // the first `size_` are valid
  std::size_t size_ = 0;
};

namespace detail {

class datagram_access;

extern template class STRAIT_API socket_handle<datagram_socket>;
extern template class STRAIT_API data_socket_handle<datagram_socket>;

template <class Endpoint, class Buffers>
class recvfrom_awaiter final : public datagram_awaiter {
 public:
  recvfrom_awaiter(datagram_socket* socket, Buffers into) noexcept : datagram_awaiter(kind::recvfrom, socket, into) {
    name_ = from_.bytes;
    name_size_ = from_.size;
  }
  recvfrom_result<Endpoint> await_resume() {
    check();
    return {moved_, Endpoint::from_sockaddr(from_.bytes, name_size_), is_truncated_};
  }

 private:
  void make_room_for_name() noexcept override { name_size_ = from_.size; }
  socket_address<Endpoint> from_;
};

template <class Endpoint, class Buffers>
class recv_awaiter final : public datagram_awaiter {
 public:
  recv_awaiter(datagram_socket* socket, Buffers into) noexcept : datagram_awaiter(kind::recvfrom, socket, into) {}
  recv_result await_resume() {
    check();
    return {moved_, is_truncated_};
  }

 private:
  void make_room_for_name() noexcept override {
    name_ = from_.bytes;
    name_size_ = from_.size;
  }
  socket_address<Endpoint> from_;
};

template <class Buffers>
class send_awaiter final : public datagram_awaiter {
 public:
  send_awaiter(datagram_socket* socket, Buffers bytes) noexcept : datagram_awaiter(kind::sendto, socket, bytes) {}
  /// `to` is owned by the request, which outlives its awaiter.
  template <class Endpoint>
  send_awaiter(datagram_socket* socket, Buffers bytes, socket_address<Endpoint> const& to) noexcept
      : datagram_awaiter(kind::sendto, socket, bytes) {
    name_ = const_cast<unsigned char*>(to.bytes);
    name_size_ = to.size;
  }
  void await_resume() const { check(); }
};

template <class Endpoint>
class STRAIT_API recv_batch_awaiter final : public datagram_awaiter {
 public:
  recv_batch_awaiter(datagram_socket* socket, basic_datagram_buffer<Endpoint>& into);
  std::span<basic_datagram<Endpoint> const> await_resume();

 private:
  [[nodiscard]] bool keep_those_from_peer() noexcept override;
  basic_datagram_buffer<Endpoint>& into_;
};

template <class Endpoint>
class STRAIT_API send_batch_awaiter final : public send_batch_operation {
 public:
  send_batch_awaiter(datagram_socket* socket, std::span<basic_datagram<Endpoint> const> datagrams)
      : send_batch_operation(socket, datagrams.size()), datagrams_(datagrams.data()) {}
  std::size_t await_resume() const {
    check();
    return sent();
  }

 private:
  void fill(send_slots& slots, std::size_t first, std::size_t last) const noexcept override;
  [[nodiscard]] std::string destination(std::size_t index) const override;
  basic_datagram<Endpoint> const* datagrams_;
};

/// An operation that has not been awaited yet. Pointer and size are stored as separate members, not as a pair: a pair
/// would be copied by one wide load, which stalls on the two narrow stores before it.
template <class Awaiter, class Span>
class [[nodiscard("co_await it")]] datagram_request {
 public:
  using await_result = decltype(std::declval<Awaiter&>().await_resume());
  datagram_request(datagram_socket* const& socket, Span what) noexcept
      : socket_(&socket), data_(what.data()), size_(what.size()) {}
  Awaiter operator co_await() const { return Awaiter(*socket_, Span(data_, size_)); }

 private:
  datagram_socket* const* socket_;  // the public socket's member: it may be null when the operation begins

  decltype(std::declval<Span&>().data()) data_;
  std::size_t size_;
};

/// The same for `sendto`.
template <class Endpoint, class Span>
class [[nodiscard("co_await it")]] sendto_request {
 public:
  using await_result = void;
  sendto_request(datagram_socket* const& socket, Span what, Endpoint const& to) noexcept
      : socket_(&socket), data_(what.data()), size_(what.size()), to_(to) {}
  send_awaiter<Span> operator co_await() const noexcept { return {*socket_, Span(data_, size_), to_}; }

 private:
  datagram_socket* const* socket_;
  decltype(std::declval<Span&>().data()) data_;
  std::size_t size_;
  socket_address<Endpoint> to_;
};

/// The same for `recv_batch`.
template <class Endpoint>
class [[nodiscard("co_await it")]] recv_batch_request {
 public:
  using await_result = std::span<basic_datagram<Endpoint> const>;
  recv_batch_request(datagram_socket* const& socket, basic_datagram_buffer<Endpoint>& into) noexcept
      : socket_(&socket), into_(&into) {}
  recv_batch_awaiter<Endpoint> operator co_await() const { return {*socket_, *into_}; }

 private:
  datagram_socket* const* socket_;
  basic_datagram_buffer<Endpoint>* into_;
};

}  // namespace detail

/// A datagram socket: the base class of `udp::socket` and `local::socket`. Move-only; the destructor closes it. On a
/// closed socket, every operation fails with `errc::closed`.
template <class Endpoint>
class basic_datagram_socket : public detail::data_socket_handle<detail::datagram_socket> {
  template <class Awaiter, class Span>
  using request = detail::datagram_request<Awaiter, Span>;
  friend class detail::datagram_access;

 public:
  /// The type of addresses.
  using endpoint_type = Endpoint;
  /// One datagram of a batch.
  using datagram = basic_datagram<Endpoint>;

  /// Receives the next datagram. Returns its `size`, its sender `from`, and whether it was `truncated` because the
  /// buffer was too small. A datagram may be empty: size 0 does not mean end of stream.
  [[nodiscard]] auto recvfrom(mutable_buffer into) noexcept {
    return request<detail::recvfrom_awaiter<Endpoint, const_buffer>, const_buffer>(socket_, into);
  }
  /// The same into several buffers, at most 63, each filled before the next.
  [[nodiscard]] auto recvfrom(mutable_buffers into) noexcept {
    return request<detail::recvfrom_awaiter<Endpoint, const_buffers>, const_buffers>(socket_,
                                                                                     detail::as_const_buffers(into));
  }
  /// The same without the sender, for connected sockets. Returns `size` and `truncated`.
  [[nodiscard]] auto recv(mutable_buffer into) noexcept {
    return request<detail::recv_awaiter<Endpoint, const_buffer>, const_buffer>(socket_, into);
  }
  /// The same into several buffers, at most 63, each filled before the next.
  [[nodiscard]] auto recv(mutable_buffers into) noexcept {
    return request<detail::recv_awaiter<Endpoint, const_buffers>, const_buffers>(socket_,
                                                                                 detail::as_const_buffers(into));
  }

  /// Sends `bytes` as one datagram to `to`. Completes when the kernel has accepted the datagram; delivery is not
  /// confirmed.
  [[nodiscard]] auto sendto(const_buffer bytes, Endpoint const& to) noexcept {
    return detail::sendto_request<Endpoint, const_buffer>(socket_, bytes, to);
  }
  /// The same from several buffers, at most 63, which form one datagram.
  [[nodiscard]] auto sendto(const_buffers bytes, Endpoint const& to) noexcept {
    return detail::sendto_request<Endpoint, const_buffers>(socket_, bytes, to);
  }
  /// The same to the peer that the socket is connected to.
  [[nodiscard]] auto send(const_buffer bytes) noexcept {
    return request<detail::send_awaiter<const_buffer>, const_buffer>(socket_, bytes);
  }
  /// The same from several buffers, at most 63, which form one datagram.
  [[nodiscard]] auto send(const_buffers bytes) noexcept {
    return request<detail::send_awaiter<const_buffers>, const_buffers>(socket_, bytes);
  }

  /// Receives at least one datagram, and as many more as have arrived and fit into `buffer`, with one system call where
  /// the platform has one (recvmmsg). Returns a span of the datagrams, valid until the buffer is used again.
  ///
  ///     udp::datagram_buffer buffer;  // 64 of up to 2048 bytes
  ///     for (auto const& each : co_await socket.recv_batch(buffer)) log(each.peer, each.text());
  [[nodiscard]] auto recv_batch(basic_datagram_buffer<Endpoint>& buffer) noexcept {
    return detail::recv_batch_request<Endpoint>(socket_, buffer);
  }
  /// Sends all of `datagrams`, in order, with as few system calls as possible (sendmmsg). Returns their number. A
  /// datagram that the kernel rejects does not prevent the others from being sent; after them, the first error is
  /// thrown, with the number of datagrams sent as `transferred()`. On a connected socket, leave `peer` at its default.
  [[nodiscard]] auto send_batch(std::span<datagram const> datagrams) noexcept {
    return request<detail::send_batch_awaiter<Endpoint>, std::span<datagram const>>(socket_, datagrams);
  }

  /// Connects the socket to `peer`: `recv` then receives from `peer` only, and `send` sends to it. Datagrams from other
  /// senders that have not been received yet are discarded; those that `peer` sent earlier are received. Does not wait,
  /// and sends nothing. If the peer's host reports later that the port is closed (ICMP), the next `recv`, or the next
  /// `send`, which then sends nothing, fails with `std::errc::connection_refused`. On an unconnected socket, such a
  /// report has no effect.
  ///
  /// A local socket that was connected to another peer loses the datagrams that it has not received: see `disconnect`.
  void connect(Endpoint const& peer);
  /// Disconnects: the socket receives from every sender again. It keeps its port or path. Throws `error` if another
  /// socket has taken the port of a UDP socket in the meantime; the socket is then disconnected, and has no port until
  /// it sends.
  void disconnect();
  /// Whether the socket is connected to a peer.
  [[nodiscard]] bool is_connected() const noexcept;

  /// The address that the socket is bound to. Throws `error` if the socket is closed.
  [[nodiscard]] Endpoint local_endpoint() const;
  /// The peer that the socket is connected to. Throws `error` if there is none.
  [[nodiscard]] Endpoint remote_endpoint() const;

 protected:
  using data_socket_handle::data_socket_handle;
};

namespace detail {

/// Access for servers, which have operations of their own.
class datagram_access {
 public:
  template <class Endpoint>
  static datagram_socket* socket_of(basic_datagram_socket<Endpoint> const& socket) noexcept {
    return socket.socket_;
  }
};

}  // namespace detail
}  // namespace strait
