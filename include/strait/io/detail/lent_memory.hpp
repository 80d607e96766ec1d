// Reads into memory that is allocated when data arrives, from streams with and without `read_borrowed`.
#pragma once

#include <concepts>
#include <cstddef>
#include <utility>

#include "strait/core/detail/byte_block.hpp"
#include "strait/core/task.hpp"
#include "strait/net/borrowed_bytes.hpp"

namespace strait::detail {

template <class Stream>
concept lends_memory = requires(Stream& stream, std::size_t headroom) {
  { stream.read_borrowed(headroom).operator co_await().await_resume() } -> std::same_as<borrowed_bytes>;
};

/// Reads some bytes from `from`, and leaves `headroom` bytes free at the front.
template <lends_memory From>
auto read_block(From& from, std::size_t headroom = 0) {
  return from.read_borrowed(headroom);
}
template <class From>
task<borrowed_bytes> read_block(From& from, std::size_t headroom = 0) {
  byte_block block(borrowed_bytes::capacity, headroom);
  block.commit(co_await from.read(block.space()));
  co_return borrowed_bytes(std::move(block));
}

}  // namespace strait::detail
