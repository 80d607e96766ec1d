// For the hammer tests: repeatable random numbers, and many descriptors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include <sys/resource.h>

#include <strait/strait.hpp>

#include "catch.hpp"
#include "net/sockets.hpp"
#include "sanitized.hpp"

namespace strait::test {

/// Random numbers. A failing test prints the seed; set STRAIT_SEED to it to repeat the run.
class chance {
 public:
  chance() : chance(given_seed()) {}
  explicit chance(std::uint64_t seed) : seed_(seed), engine_(seed) {}
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  /// A number in [least, most].
  template <class T>
  T between(T least, T most) {
    return std::uniform_int_distribution<T>(least, most)(engine_);
  }
  bool one_in(int many) { return between(1, many) == 1; }
  /// A number in [1, most]; small ones are as likely as large ones.
  std::size_t size_up_to(std::size_t most) {
    std::size_t const limit = std::size_t{1} << between(0, 63 - __builtin_clzll(most));
    return between<std::size_t>(1, std::min(2 * limit, most));
  }

 private:
  static std::uint64_t given_seed() {
    if (char const* const text = std::getenv("STRAIT_SEED")) return std::strtoull(text, nullptr, 10);
    return std::random_device()();
  }
  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

/// Raises this process's descriptor limit as far as the system permits, and returns it.
inline std::size_t raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 1'000'000);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

/// How many of `wanted` connections can have both ends in this process.
inline int connections_that_fit(int wanted) {
  auto const room = (raise_descriptor_limit() - static_cast<std::size_t>(open_descriptors())) / 2;
  return static_cast<int>(std::min(static_cast<std::size_t>(wanted), room - 50));
}

inline task<> echo(tcp::stream peer) {
  char buffer[8192];
  while (auto const n = co_await peer.read(buffer)) co_await peer.write(std::span(buffer, n));
}

/// Accepts and echoes until it is canceled.
inline task<> echo_all(tcp::listener& listener) {
  auto serve = [&](task_group& connections) -> task<> {
    for (;;) connections.spawn(echo(co_await listener.accept()));
  };
  co_await with_task_group(serve);
}

/// Runs `clients` with an echo server on `listener`, which ends with them.
template <class F>
task<> beside_echo_server(tcp::listener& listener, F clients) {
  auto both = [&](task_group& group) -> task<> {
    group.spawn(echo_all(listener));
    co_await clients();
    group.cancel();
  };
  co_await with_task_group(both);
}

/// Sends the pattern in parts of random size and verifies the echo; then half-closes and expects the end of the stream.
inline task<std::uint64_t> exchange_pattern(tcp::stream& stream, std::uint64_t total, std::size_t largest,
                                            std::uint64_t seed) {
  auto send = [&]() -> task<> {
    chance luck(seed);
    std::string part(largest, '\0');
    for (std::uint64_t sent = 0; sent != total;) {
      auto const size = std::min<std::uint64_t>(luck.size_up_to(largest), total - sent);
      fill_pattern(sent, part.data(), size);
      sent += co_await stream.write(const_buffer(part.data(), size));
    }
    stream.shutdown_write();
  };
  std::uint64_t good = 0;
  auto receive = [&]() -> task<> {
    chance luck(seed + 1);
    std::string part(largest, '\0');
    while (auto const n = co_await stream.read(mutable_buffer(part.data(), luck.size_up_to(largest)))) {
      auto const matching = matching_pattern(good, part.data(), n);
      good += matching;
      if (matching != n) co_return;
    }
  };
  co_await when_all(send(), receive());
  co_return good;
}

}  // namespace strait::test
