// For tests of UDP sockets: datagrams with known contents, received datagrams as text, and sockets without the library.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "sockets.hpp"

namespace strait::test {

/// A received datagram.
struct arrival {
  std::string text;
  endpoint from;
  bool truncated = false;
};

inline task<arrival> receive(udp::socket& socket, std::size_t room = 65'536) {
  arrival came;
  came.text.resize(room);
  auto const got = co_await socket.recvfrom(came.text);
  came.text.resize(got.size);
  came.from = got.from;
  came.truncated = got.truncated;
  co_return came;
}

inline task<std::string> receive_text(udp::socket& socket) {
  auto const came = co_await receive(socket);
  co_return came.text;
}

/// Receives the next `count` datagrams.
inline task<std::vector<std::string>> receive_texts(udp::socket& socket, std::size_t count) {
  std::vector<std::string> texts;
  while (texts.size() != count) {
    auto text = co_await receive_text(socket);
    texts.push_back(std::move(text));
  }
  co_return texts;
}

/// Receives the next `count` datagrams in as many batches as needed.
inline task<std::vector<arrival>> receive_batches(udp::socket& socket, udp::datagram_buffer& buffer,
                                                  std::size_t count) {
  std::vector<arrival> all;
  while (all.size() < count) {
    auto const batch = co_await socket.recv_batch(buffer);
    for (auto const& each : batch) all.push_back({std::string(each.text()), each.peer, each.truncated});
  }
  co_return all;
}

inline std::vector<std::string> texts_of(std::vector<arrival> const& arrivals) {
  std::vector<std::string> texts;
  for (auto const& each : arrivals) texts.push_back(each.text);
  return texts;
}

/// `size` bytes that differ for each `number`.
inline std::string numbered(std::size_t number, std::size_t size) {
  std::string bytes(size, '\0');
  fill_pattern(number * 70'000, bytes.data(), size);
  return bytes;
}
inline std::vector<std::string> numbered_of_sizes(std::vector<std::size_t> const& sizes) {
  std::vector<std::string> all;
  for (auto const size : sizes) all.push_back(numbered(all.size(), size));
  return all;
}
inline std::vector<std::string> numbered_alike(std::size_t count, std::size_t size) {
  return numbered_of_sizes(std::vector<std::size_t>(count, size));
}

/// Datagrams that refer to `texts`.
inline std::vector<udp::datagram> addressed_to(endpoint const& to, std::vector<std::string> const& texts) {
  std::vector<udp::datagram> datagrams;
  for (auto const& each : texts) datagrams.push_back({const_buffer(each), to, false});
  return datagrams;
}

/// A socket on an ephemeral port, with the largest receive buffer that the system allows.
inline udp::socket bound_socket(udp::bind_options options = {}) {
  auto made = udp::bind(endpoint::loopback_v4(0), options);
  made.receive_buffer_size(4 * 1024 * 1024);
  return made;
}

/// Two sockets that are connected to each other.
inline std::pair<udp::socket, udp::socket> connected_sockets() {
  auto one = bound_socket();
  auto other = bound_socket();
  one.connect(other.local_endpoint());
  other.connect(one.local_endpoint());
  return {std::move(one), std::move(other)};
}

/// A blocking UDP socket, without the library.
inline raw_socket raw_datagram_socket(endpoint const& at = endpoint::loopback_v4(0)) {
  raw_socket made(::socket(at.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address;
  auto const length = static_cast<socklen_t>(at.to_sockaddr(&address));
  if (made.get() < 0 || ::bind(made.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) fail_with_errno("bind");
  return made;
}

inline void raw_send(raw_socket const& from, std::string_view bytes, endpoint const& to) {
  sockaddr_storage address;
  msghdr message{};
  iovec vector{const_cast<char*>(bytes.data()), bytes.size()};
  message.msg_name = &address;
  message.msg_namelen = static_cast<socklen_t>(to.to_sockaddr(&address));
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (::sendmsg(from.get(), &message, 0) < 0) fail_with_errno("sendmsg");
}

/// An endpoint on which no socket receives.
inline endpoint unused_udp_endpoint() { return raw_datagram_socket().where(); }

inline bool has_ipv6() {
  std::ifstream addresses("/proc/net/if_inet6");
  std::string line;
  while (std::getline(addresses, line))
    if (line.starts_with("00000000000000000000000000000001")) return true;
  return false;
}

/// The message of the exception that `call` throws.
template <class F>
std::string message_of(F call) {
  try {
    call();
  } catch (std::exception const& e) {
    return e.what();
  }
  return "nothing was thrown";
}

/// The number of bytes that a failed operation had transferred.
template <class Result>
std::size_t transferred_by(Result const& failed) {
  try {
    std::rethrow_exception(failed.exception());
  } catch (error const& e) {
    return e.transferred();
  }
}

/// Cancels after all tasks that started before have begun to wait.
inline task<> cancel_soon(cancel_scope& scope) {
  co_await turns(4);
  scope.cancel();
}

using texts = std::vector<std::string>;

inline constexpr udp::bind_options offload{.receive_offload = true};
inline constexpr udp::bind_options joining{.send_offload = true};

/// Texts of 1 to 9 bytes. No two neighbours have the same size, so they cannot be coalesced.
inline texts of_different_sizes(std::size_t count) {
  texts all;
  for (std::size_t i = 0; i != count; ++i) all.push_back(numbered(i, 1 + i % 9));
  for (std::size_t i = 0; i + 1 < count; i += 2) std::swap(all[i], all[i + 1]);
  return all;
}

/// Sends `bodies` as one batch and returns what the receiver gets from one recvfrom after another.
inline texts singly(texts const& bodies) {
  auto sender = bound_socket(joining);
  auto receiver = bound_socket();
  return complete([&]() -> task<texts> {
    auto const sent = co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
    CHECK(sent == bodies.size());
    co_return co_await receive_texts(receiver, bodies.size());
  });
}

/// The same with recv_batch on a socket with receive_offload.
inline texts joined(texts const& bodies) {
  auto sender = bound_socket(joining);
  auto receiver = bound_socket(offload);
  udp::datagram_buffer buffer;
  return complete([&]() -> task<texts> {
    auto const sent = co_await sender.send_batch(addressed_to(receiver.local_endpoint(), bodies));
    CHECK(sent == bodies.size());
    auto const came = co_await receive_batches(receiver, buffer, bodies.size());
    for (auto const& each : came) {
      CHECK(each.from == sender.local_endpoint());
      CHECK_FALSE(each.truncated);
    }
    co_return texts_of(came);
  });
}

using datagram_sizes = std::vector<std::size_t>;

/// Several runs of datagrams of different sizes.
inline std::vector<datagram_sizes> const many_sizes{
    datagram_sizes(10, 1),
    datagram_sizes(20, 1200),
    datagram_sizes(20, 1472),
    datagram_sizes(20, 1473),
    datagram_sizes(8, 9000),
    datagram_sizes(3, 60'000),
    {100, 100, 100, 30},
    {100, 100, 30, 100, 100, 30},
    {100, 200, 100, 200, 100, 200},
    {30, 100, 100, 100, 101, 101},
    {100, 100, 0, 100, 100, 0, 0, 100},
    {5, 4, 3, 2, 1, 2, 3, 4, 5},
    {40'000, 40'000, 40'000, 5},
    {65'507, 65'507},
};

}  // namespace strait::test
