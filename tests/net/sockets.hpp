// For tests of streams: connected pairs, peers that do not use the library, and the number of open descriptors.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <strait/strait.hpp>

#include "sanitized.hpp"

namespace strait::test {

using namespace std::chrono_literals;

/// Runs the task that `body` makes. If it hangs, it fails after `limit`.
template <class F>
auto complete(F body, std::chrono::seconds limit = is_sanitized ? 150s : 50s) {
  return run(timeout(limit, std::move(body)));
}

/// The number of descriptors that this process has open.
inline std::ptrdiff_t open_descriptors() {
  std::filesystem::directory_iterator const entries("/proc/self/fd");
  return std::distance(begin(entries), end(entries)) - 1;  // without the one of this listing
}

[[noreturn]] inline void fail_with_errno(char const* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// A blocking socket, without the library.
class raw_socket {
 public:
  explicit raw_socket(int descriptor = -1) noexcept : descriptor_(descriptor) {}
  raw_socket(raw_socket&& other) noexcept : descriptor_(other.release()) {}
  raw_socket& operator=(raw_socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~raw_socket() { close(); }

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }
  void close() noexcept {
    if (descriptor_ >= 0) ::close(release());
  }
  /// Closes the connection with a reset.
  void reset() noexcept {
    linger const at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  void shutdown_write() const { ::shutdown(descriptor_, SHUT_WR); }

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      auto const sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) fail_with_errno("send");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Receives up to `most` bytes, as they arrive; returns an empty string at the end of the stream.
  [[nodiscard]] std::string receive(std::size_t most = 65536) const {
    std::string bytes(most, '\0');
    auto const got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (got < 0) fail_with_errno("recv");
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
  [[nodiscard]] std::string receive_exactly(std::size_t size) const {
    std::string bytes(size, '\0');
    if (::recv(descriptor_, bytes.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size)) fail_with_errno("recv");
    return bytes;
  }
  [[nodiscard]] std::string receive_to_the_end() const {
    std::string all;
    for (std::string part; !(part = receive()).empty();) all += part;
    return all;
  }
  /// Whether the socket becomes readable within `limit`.
  [[nodiscard]] bool is_readable(std::chrono::milliseconds limit) const {
    pollfd entry{descriptor_, POLLIN, 0};
    return ::poll(&entry, 1, static_cast<int>(limit.count())) == 1;
  }

  [[nodiscard]] endpoint where() const {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length) != 0) fail_with_errno("getsockname");
    return endpoint::from_sockaddr(&address, length);
  }
  [[nodiscard]] int option(int level, int name) const {
    int value = 0;
    socklen_t length = sizeof value;
    if (::getsockopt(descriptor_, level, name, &value, &length) != 0) fail_with_errno("getsockopt");
    return value;
  }

 private:
  int descriptor_;
};

inline raw_socket raw_listener(endpoint const& at = endpoint::loopback_v4(0), int backlog = 64) {
  raw_socket made(::socket(at.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address;
  auto const length = static_cast<socklen_t>(at.to_sockaddr(&address));
  if (made.get() < 0 || ::bind(made.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(made.get(), backlog) != 0)
    fail_with_errno("listen");
  return made;
}

inline raw_socket raw_connect(endpoint const& to) {
  raw_socket made(::socket(to.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address;
  auto const length = static_cast<socklen_t>(to.to_sockaddr(&address));
  if (made.get() < 0 || ::connect(made.get(), reinterpret_cast<sockaddr*>(&address), length) != 0)
    fail_with_errno("connect");
  return made;
}

inline raw_socket raw_accept(raw_socket const& listener) {
  raw_socket made(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (made.get() < 0) fail_with_errno("accept");
  return made;
}

/// Two sockets that are connected to each other.
inline std::pair<raw_socket, raw_socket> raw_pair() {
  raw_socket const listener = raw_listener();
  raw_socket first = raw_connect(listener.where());
  return {std::move(first), raw_accept(listener)};
}

/// Two streams that are connected to each other.
inline std::pair<tcp::stream, tcp::stream> stream_pair() {
  auto [first, second] = raw_pair();
  return {tcp::stream(first.release()), tcp::stream(second.release())};
}

/// A stream and its peer.
inline std::pair<tcp::stream, raw_socket> stream_and_peer() {
  auto [first, second] = raw_pair();
  return {tcp::stream(first.release()), std::move(second)};
}

/// An endpoint on which no socket listens.
inline endpoint unused_endpoint() { return raw_listener().where(); }

/// An endpoint that does not answer connects, like a host that has vanished: its backlog is full.
class black_hole {
 public:
  black_hole() : listener_(raw_listener(endpoint::loopback_v4(0), 0)), occupant_(raw_connect(listener_.where())) {}
  [[nodiscard]] endpoint where() const { return listener_.where(); }

 private:
  raw_socket listener_;
  raw_socket occupant_;
};

/// The byte at `position` of a stream that can be verified byte by byte.
constexpr char pattern_at(std::uint64_t position) {
  std::uint64_t const mixed = (position + 1) * 0x9e3779b97f4a7c15u;
  return static_cast<char>(mixed >> 56);
}
inline void fill_pattern(std::uint64_t position, char* to, std::size_t size) {
  for (std::size_t i = 0; i != size; ++i) to[i] = pattern_at(position + i);
}
/// The number of leading bytes of `data` that match the pattern.
inline std::size_t matching_pattern(std::uint64_t position, char const* data, std::size_t size) {
  std::size_t i = 0;
  while (i != size && data[i] == pattern_at(position + i)) ++i;
  return i;
}

/// The number of bytes that `operation` transferred, whether it completed, was canceled or timed out.
template <class Operation>
task<std::size_t> moved_by(Operation operation) {
  try {
    co_return co_await std::move(operation);
  } catch (canceled const& c) {
    co_return c.transferred();
  } catch (timed_out const& e) {
    co_return e.transferred();
  }
}

}  // namespace strait::test
