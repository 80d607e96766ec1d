// For tests of copies: two connections with a copy between them, and streams that are verified byte by byte.
#pragma once

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <strait/io/copy.hpp>
#include <strait/strait.hpp>

#include "core/waiting.hpp"
#include "net/sockets.hpp"

namespace strait::test {

/// The streams of a copy: client - near, far - server. The copy runs between near and far.
template <class Client, class Near, class Far, class Server>
struct passage {
  passage(std::pair<Client, Near> first, std::pair<Far, Server> second)
      : client(std::move(first.first)),
        near(std::move(first.second)),
        far(std::move(second.first)),
        server(std::move(second.second)) {}
  Client client;
  Near near;
  Far far;
  Server server;
};

inline auto tcp_passage() { return passage(stream_pair(), stream_pair()); }

/// A socket without the library, and the stream that is its peer.
inline std::pair<raw_socket, tcp::stream> peer_and_stream() {
  auto [stream, peer] = stream_and_peer();
  return {std::move(peer), std::move(stream)};
}

/// Calls `test` with a passage of each combination of sockets.
template <class Test>
void for_each_mixture(Test test) {
  passage tcp_to_tcp(stream_pair(), stream_pair());
  test(tcp_to_tcp);
  passage tcp_to_local(stream_pair(), local::stream_pair());
  test(tcp_to_local);
  passage local_to_tcp(local::stream_pair(), stream_pair());
  test(local_to_tcp);
  passage local_to_local(local::stream_pair(), local::stream_pair());
  test(local_to_local);
}

/// Writes bytes [begin, end) of the pattern, `at_once` at a time.
template <class To>
task<> send_pattern(To& to, std::uint64_t begin, std::uint64_t end, std::size_t at_once = 256 * 1024) {
  std::vector<char> bytes(std::min<std::uint64_t>(at_once, end - begin));
  while (begin != end) {
    auto const size = std::min<std::uint64_t>(bytes.size(), end - begin);
    fill_pattern(begin, bytes.data(), size);
    co_await to.write(const_buffer(bytes.data(), size));
    begin += size;
  }
}
template <class To>
task<> send_pattern_and_end(To& to, std::uint64_t size, std::size_t at_once = 256 * 1024) {
  co_await send_pattern(to, 0, size, at_once);
  to.shutdown_write();
}

/// The number of bytes that match the pattern from `begin` on, up to the end of the stream or the first mismatch.
template <class From>
task<std::uint64_t> receive_pattern(From& from, std::uint64_t begin = 0) {
  std::vector<char> bytes(128 * 1024);
  auto position = begin;
  while (auto const n = co_await from.read(bytes)) {
    auto const right = matching_pattern(position, bytes.data(), n);
    position += right;
    if (right != n) break;
  }
  co_return position - begin;
}
/// Reads `size` bytes. Returns whether they match the pattern.
template <class From>
task<bool> receive_pattern_exactly(From& from, std::uint64_t begin, std::size_t size) {
  std::vector<char> bytes(size);
  co_await from.read_exactly(bytes);
  co_return matching_pattern(begin, bytes.data(), size) == size;
}

/// While this object exists, this process can open no more descriptors.
class no_descriptors_left {
 public:
  no_descriptors_left() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit const none{0, before_.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &none) != 0) fail_with_errno("setrlimit");
  }
  no_descriptors_left(no_descriptors_left const&) = delete;
  no_descriptors_left& operator=(no_descriptors_left const&) = delete;
  ~no_descriptors_left() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// Counts the SIGPIPE signals that reach the program while this object exists.
class sigpipe_counter {
 public:
  sigpipe_counter() {
    seen_ = 0;
    before_ = std::signal(SIGPIPE, [](int) { seen_ = seen_ + 1; });
  }
  sigpipe_counter(sigpipe_counter const&) = delete;
  sigpipe_counter& operator=(sigpipe_counter const&) = delete;
  ~sigpipe_counter() { std::signal(SIGPIPE, before_); }
  [[nodiscard]] static int seen() noexcept { return seen_; }

 private:
  static inline std::sig_atomic_t volatile seen_ = 0;
  void (*before_)(int);
};

}  // namespace strait::test
