// For tests of all kinds of streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <strait/strait.hpp>

#include "catch.hpp"
#include "net/sockets.hpp"

namespace strait::test {

/// The bytes that one read returns; an empty string at the end of the stream.
template <class Stream>
task<std::string> some_of(Stream& from, std::size_t most = 64) {
  std::string text(most, '\0');
  text.resize(co_await from.read(text));
  co_return text;
}

/// All bytes up to the end of the stream.
template <class Stream>
task<std::string> all_of(Stream& from) {
  std::string all;
  for (;;) {
    auto const more = co_await some_of(from, 4096);
    if (more.empty()) co_return all;
    all += more;
  }
}

/// Runs `body(near, far)` on the two ends of a duplex.
template <class Body>
void on_duplex(duplex_options const& options, Body& body) {
  INFO("duplex: capacity " << options.capacity << ", chunk " << options.max_chunk << ", seed " << options.seed);
  complete([&]() -> task<> {
    auto [near, far] = duplex(options);
    co_await body(near, far);
  });
}

/// The `Error` that `operation` fails with.
template <class Error, class Operation>
task<Error> failure_of(Operation operation) {
  try {
    co_await std::move(operation);
  } catch (Error const& e) {
    co_return e;
  }
  throw std::logic_error("it should have failed");
}

/// Runs `body(near, far)`, which returns a task, on the two ends of streams of every kind, sockets included.
template <class Body>
void on_every_stream(Body body) {
  for (std::uint64_t seed = 1; seed != 4; ++seed) on_duplex({.capacity = 100, .seed = seed}, body);
  on_duplex({}, body);
  on_duplex({.capacity = 16}, body);
  on_duplex({.max_chunk = 1}, body);
  complete([&]() -> task<> {
    INFO("tcp");
    auto listener = tcp::listen(endpoint::loopback_v4(0));
    auto near = co_await tcp::connect(listener.local_endpoint());
    auto far = co_await listener.accept();
    co_await body(near, far);
  });
  complete([&]() -> task<> {
    INFO("local");
    auto [near, far] = local::stream_pair();
    co_await body(near, far);
  });
}

}  // namespace strait::test
