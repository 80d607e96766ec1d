// The implementation that all datagram sockets share. For the source files that instantiate it.
#pragma once

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "net/datagram_socket.hpp"
#include "net/descriptor.hpp"
#include "strait/net/datagram.hpp"

namespace strait {

template <class Endpoint>
basic_datagram_buffer<Endpoint>::basic_datagram_buffer(std::size_t count, std::size_t max_datagram_size)
    : slots_(new detail::receive_slots(count, max_datagram_size)) {
  reserve(slots_->count());
}
template <class Endpoint>
void basic_datagram_buffer<Endpoint>::reserve(std::size_t capacity) {
  std::vector<basic_datagram<Endpoint>> larger(capacity);
  std::copy_n(datagrams_.data(), size_, larger.data());
  datagrams_ = std::move(larger);
}
template <class Endpoint>
basic_datagram_buffer<Endpoint>::basic_datagram_buffer(basic_datagram_buffer&&) noexcept = default;
template <class Endpoint>
basic_datagram_buffer<Endpoint>& basic_datagram_buffer<Endpoint>::operator=(basic_datagram_buffer&&) noexcept = default;
template <class Endpoint>
basic_datagram_buffer<Endpoint>::~basic_datagram_buffer() = default;

template <class Endpoint>
std::size_t basic_datagram_buffer<Endpoint>::capacity() const noexcept {
  return slots_->count();
}

namespace detail {

template <class Endpoint>
recv_batch_awaiter<Endpoint>::recv_batch_awaiter(datagram_socket* socket, basic_datagram_buffer<Endpoint>& into)
    : datagram_awaiter(kind::recv_batch, socket), into_(into) {
  receive_slots& slots = *into_.slots_;
  if (socket && socket->has_receive_offload() && !slots.has_room_for_offload()) {
    slots.make_room_for_offload();
    into_.reserve(slots.count() * receive_slots::max_joined);
  }
  into_.size_ = 0;
  buffer_ = slots.prepare();
}

template <class Endpoint>
std::span<basic_datagram<Endpoint> const> recv_batch_awaiter<Endpoint>::await_resume() {
  check();
  receive_slots const& slots = *into_.slots_;
  std::size_t capacity = into_.datagrams_.size();
  for (std::size_t i = 0; i != moved_; ++i) {
    auto const message = slots[i];
    std::size_t at = 0;
    do {
      if (into_.size_ == capacity) [[unlikely]] {
        capacity *= 2;
        into_.reserve(capacity);
      }
      auto const size = std::min(message.segment, message.size - at);
      bool const is_cut = message.truncated && at + size == message.size;
      // Constructed in place: assignment would be slower.
      ::new (&into_.datagrams_[into_.size_++])
          basic_datagram<Endpoint>{const_buffer(message.bytes + at, size),
                                   Endpoint::from_sockaddr(message.address, message.address_size), is_cut};
      at += size;
    } while (at < message.size);
  }
  return into_.datagrams();
}

template <class Endpoint>
bool recv_batch_awaiter<Endpoint>::keep_those_from_peer() noexcept {
  receive_slots& slots = *into_.slots_;
  std::size_t kept = 0;
  for (std::size_t i = 0; i != moved_; ++i) {
    auto const message = slots[i];
    if (is_peer(message.address, message.address_size)) slots.swap(i, kept++);
  }
  moved_ = kept;
  if (kept == 0) buffer_ = slots.prepare();
  return kept != 0;
}

template <class Endpoint>
void send_batch_awaiter<Endpoint>::fill(send_slots& slots, std::size_t first, std::size_t last) const noexcept {
  bool const is_connected = socket_->is_connected();
  auto const joins = [&](std::size_t i) {
    return slots.can_join(datagrams_[i].bytes) && (is_connected || datagrams_[i].peer == datagrams_[i - 1].peer);
  };
  for (std::size_t i = first; i != last && !slots.is_full(); ++i) {
    auto const& each = datagrams_[i];
    if (joins(i)) {
      slots.join(each.bytes);
      continue;
    }
    slots.add(each.bytes, is_connected ? 0 : each.peer.to_sockaddr(slots.next_address()));
  }
}

template <class Endpoint>
std::string send_batch_awaiter<Endpoint>::destination(std::size_t index) const {
  return datagrams_[index].peer.to_string();
}

}  // namespace detail

template <class Endpoint>
void basic_datagram_socket<Endpoint>::connect(Endpoint const& peer) {
  int const descriptor = open_handle("connect");
  auto name = peer.to_string();  // first: after the system call, nothing may throw
  if (int const failure = detail::connect_to(descriptor, peer))
    throw detail::system_failure(failure, fmt::format("connect to {}", name));
  detail::forget_error(descriptor);
  detail::socket_address<Endpoint> const address(peer);
  socket_->connected_to(std::move(name), address.bytes, address.size);
}

template <class Endpoint>
void basic_datagram_socket<Endpoint>::disconnect() {
  constexpr auto context = "disconnect";
  int const descriptor = open_handle(context);
  auto const before = local_endpoint();
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  if (::connect(descriptor, &nobody, sizeof nobody) != 0) throw detail::system_failure(errno, context);
  detail::forget_error(descriptor);
  socket_->disconnected();
  detail::keep_port(descriptor, before, context);
}

template <class Endpoint>
bool basic_datagram_socket<Endpoint>::is_connected() const noexcept {
  return socket_ && socket_->is_connected();
}

template <class Endpoint>
Endpoint basic_datagram_socket<Endpoint>::local_endpoint() const {
  constexpr auto context = "local_endpoint";
  return detail::local_name_of(open_handle(context), context).template as<Endpoint>();
}
template <class Endpoint>
Endpoint basic_datagram_socket<Endpoint>::remote_endpoint() const {
  constexpr auto context = "remote_endpoint";
  return detail::remote_name_of(open_handle(context), context).template as<Endpoint>();
}

}  // namespace strait
