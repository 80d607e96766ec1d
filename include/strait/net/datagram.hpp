// What the datagram sockets of all kinds have in common: receiving and sending, one datagram at a time or many.
//
// A socket belongs to one loop, as streams do. Unlike with these, any number of tasks may receive, and send: they take
// turns, first come, first served. Errors are thrown as `error`, with the operation and the address in its text. A
// cancel, a time-out or a close of the socket ends an operation that waits; a datagram that has come by then is
// delivered, never lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "strait/base/buffer.hpp"
#include "strait/base/export.hpp"
#include "strait/net/detail/datagram_awaiter.hpp"
#include "strait/net/detail/socket_address.hpp"
#include "strait/net/detail/socket_handle.hpp"

namespace strait {

/// What `recv` gives.
struct recv_result {
  std::size_t size;  ///< bytes in the buffer; 0 is an empty datagram
  bool truncated;    ///< the datagram was longer than the buffer: the rest of it is gone
};

/// What `recvfrom` gives.
template <class Endpoint>
struct recvfrom_result {
  std::size_t size;  ///< bytes in the buffer; 0 is an empty datagram
  /// The sender's address.
  Endpoint from;
  bool truncated;  ///< the datagram was longer than the buffer: the rest of it is gone
};

/// One of many datagrams. It refers to its bytes and owns nothing.
template <class Endpoint>
struct basic_datagram {
  /// The payload.
  const_buffer bytes;
  Endpoint peer;           ///< of a received one, where from; of one to be sent, where to
  bool truncated = false;  ///< of a received one: it was longer than the buffer has room for

  /// The payload as text.
  [[nodiscard]] std::string_view text() const noexcept {
    return {static_cast<char const*>(bytes.data()), bytes.size()};
  }
};

/// Where `recv_batch` puts what it receives. Allocates when it is made, and once more when it is first used with a
/// socket that has `receive_offload`; never after that. One operation at a time may use it. Move-only.
template <class Endpoint>
class basic_datagram_buffer {
 public:
  /// Room for `count` datagrams of up to `max_datagram_size` bytes each; both at least 1. What is longer is cut off,
  /// and marked so; but with `receive_offload`, there is room for any.
  explicit basic_datagram_buffer(std::size_t count = 64, std::size_t max_datagram_size = 2048);
  basic_datagram_buffer(basic_datagram_buffer&&) noexcept;
  basic_datagram_buffer& operator=(basic_datagram_buffer&&) noexcept;
  ~basic_datagram_buffer();

  /// How many system-level messages one call can bring: with `receive_offload`, each may be many datagrams.
  [[nodiscard]] std::size_t capacity() const noexcept;
  /// What was received last.
  [[nodiscard]] std::span<basic_datagram<Endpoint> const> datagrams() const noexcept {
    return {datagrams_.get(), size_};
  }

 private:
  template <class>
  friend class detail::recv_batch_awaiter;
  void reserve(std::size_t capacity);

  std::unique_ptr<detail::receive_slots> slots_;
  std::unique_ptr<basic_datagram<Endpoint>[]> datagrams_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
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
  /// `to` is the request's, which outlives its awaiter.
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

/// An operation before it is awaited. It keeps pointers and sizes apart, not as pairs: these would be copied as wholes,
/// each time, and wait for their halves.
template <class Awaiter, class Span>
class [[nodiscard("co_await it")]] datagram_request {
 public:
  using await_result = decltype(std::declval<Awaiter&>().await_resume());
  datagram_request(datagram_socket* const& socket, Span what) noexcept
      : socket_(&socket), data_(what.data()), size_(what.size()) {}
  Awaiter operator co_await() const { return Awaiter(*socket_, Span(data_, size_)); }

 private:
  datagram_socket* const* socket_;  // the public socket's: it may have been closed when the operation begins
  decltype(std::declval<Span&>().data()) data_;
  std::size_t size_;
};

/// The same of a `sendto`.
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

/// The same of a `recv_batch`.
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

/// A datagram socket: what `udp::socket` and `local::socket` have in common. Move-only; closes itself. One that is
/// closed fails every operation with `errc::closed`.
template <class Endpoint>
class basic_datagram_socket : public detail::data_socket_handle<detail::datagram_socket> {
  template <class Awaiter, class Span>
  using request = detail::datagram_request<Awaiter, Span>;
  friend class detail::datagram_access;

 public:
  /// The addresses of its peers.
  using endpoint_type = Endpoint;
  /// A datagram of `recv_batch` and `send_batch`.
  using datagram = basic_datagram<Endpoint>;

  /// Receives the next datagram, and gives its `size`, where it is `from`, and whether it was `truncated`, that is,
  /// longer than the buffer. An empty datagram is one, too: there is no end as there is of a stream.
  [[nodiscard]] auto recvfrom(mutable_buffer into) noexcept {
    return request<detail::recvfrom_awaiter<Endpoint, const_buffer>, const_buffer>(socket_, into);
  }
  /// The same into several buffers, each filled before the next; 63 at most.
  [[nodiscard]] auto recvfrom(mutable_buffers into) noexcept {
    return request<detail::recvfrom_awaiter<Endpoint, const_buffers>, const_buffers>(socket_,
                                                                                     detail::as_const_buffers(into));
  }
  /// The same without where it is from, which on a connected socket is no secret: gives `size` and `truncated`.
  [[nodiscard]] auto recv(mutable_buffer into) noexcept {
    return request<detail::recv_awaiter<Endpoint, const_buffer>, const_buffer>(socket_, into);
  }
  [[nodiscard]] auto recv(mutable_buffers into) noexcept {
    return request<detail::recv_awaiter<Endpoint, const_buffers>, const_buffers>(socket_,
                                                                                 detail::as_const_buffers(into));
  }

  /// Sends `bytes` as one datagram. Completes when the system has taken it; whether it arrives, nobody tells.
  [[nodiscard]] auto sendto(const_buffer bytes, Endpoint const& to) noexcept {
    return detail::sendto_request<Endpoint, const_buffer>(socket_, bytes, to);
  }
  /// The same from several buffers, which make one datagram; 63 at most.
  [[nodiscard]] auto sendto(const_buffers bytes, Endpoint const& to) noexcept {
    return detail::sendto_request<Endpoint, const_buffers>(socket_, bytes, to);
  }
  /// The same to where the socket is connected to.
  [[nodiscard]] auto send(const_buffer bytes) noexcept {
    return request<detail::send_awaiter<const_buffer>, const_buffer>(socket_, bytes);
  }
  [[nodiscard]] auto send(const_buffers bytes) noexcept {
    return request<detail::send_awaiter<const_buffers>, const_buffers>(socket_, bytes);
  }

  /// Receives at least one datagram, as many as are there and have room in `buffer`, by one system call where there is
  /// such a call. Gives a span of them, which is good until the buffer is used again.
  ///
  ///     udp::datagram_buffer buffer;  // 64 of up to 2048 bytes
  ///     for (auto const& each : co_await socket.recv_batch(buffer)) log(each.peer, each.text());
  [[nodiscard]] auto recv_batch(basic_datagram_buffer<Endpoint>& buffer) noexcept {
    return detail::recv_batch_request<Endpoint>(socket_, buffer);
  }
  /// Sends all of `datagrams`, in order, by as few system calls as there can be. What the system refuses does not keep
  /// the others from being sent; when these are, it throws the first refusal, with `transferred()` the number of
  /// datagrams that were sent. Gives that number. On a connected socket, leave `peer` as it is.
  [[nodiscard]] auto send_batch(std::span<datagram const> datagrams) noexcept {
    return request<detail::send_batch_awaiter<Endpoint>, std::span<datagram const>>(socket_, datagrams);
  }

  /// From now on `recv` receives from `peer` only, and `send` sends to it. Datagrams that others sent before, and that
  /// were not received yet, are dropped; those that `peer` sent before are received. Does not wait: nothing is sent. If
  /// the peer's host reports later that the port is closed (ICMP), the next `send`, which then sends nothing, or `recv`
  /// fails with `std::errc::connection_refused`; on a socket that is not connected, such a report has no effect.
  ///
  /// A local socket that was connected to another peer loses the datagrams that it has not received: see `disconnect`.
  void connect(Endpoint const& peer);
  /// Receives from everywhere again. The port, or path, stays the same. Throws `error` if another socket has taken the
  /// port of a UDP socket in the meantime; the socket is disconnected then, and has no port until it sends.
  ///
  /// Local sockets on Linux: the kernel discards the datagrams that were not received yet, and the peer's next `recv`
  /// or `send` fails with `std::errc::connection_reset`. Receive before what is still needed. UDP sockets keep theirs.
  void disconnect();
  /// It has one peer: `connect` was called.
  [[nodiscard]] bool is_connected() const noexcept;

  /// Throws `error` if the socket is closed.
  [[nodiscard]] Endpoint local_endpoint() const;
  /// Where it is connected to. Throws `error` if it is not.
  [[nodiscard]] Endpoint remote_endpoint() const;

 protected:
  using data_socket_handle::data_socket_handle;
};

namespace detail {

/// For a server, whose operations are its own.
class datagram_access {
 public:
  template <class Endpoint>
  static datagram_socket* socket_of(basic_datagram_socket<Endpoint> const& socket) noexcept {
    return socket.socket_;
  }
};

}  // namespace detail
}  // namespace strait
