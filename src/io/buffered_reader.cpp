// buffered_reader: the buffer, whatever the stream.
#include "strait/io/buffered_reader.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace strait::detail {
namespace {

constexpr std::size_t first_block = 16 * 1024;
constexpr std::size_t least_room = 4 * 1024;  // a read into less is not worth a system call

}  // namespace

void unread::consume(std::size_t size) {
  if (size > bytes_.size())
    throw std::out_of_range(
        fmt::format("strait: consume({}) on a buffered_reader that holds {} bytes", size, bytes_.size()));
  bytes_.consume(size);
}

std::size_t unread::take_some(mutable_buffer into) noexcept {
  auto const size = std::min(into.size(), bytes_.size());
  if (size != 0) std::memcpy(into.data(), bytes_.data(), size);
  bytes_.consume(size);
  return size;
}

void unread::put_back(const_buffer bytes) {
  if (bytes_.space().size() < bytes.size()) bytes_.move_to(bytes_.size() + bytes.size());
  bytes_.append(bytes);
}

std::size_t unread::pack() {
  if (bytes_.capacity() != bytes_.size()) bytes_.move_to(bytes_.size());
  return bytes_.size();
}

void unread::put_behind(borrowed_bytes more) noexcept {
  if (more.empty()) return;
  more.prepend(buffered());
  bytes_ = more.release();
}

mutable_buffer unread::make_room(std::size_t wanted) {
  auto const size = bytes_.size();
  if (bytes_.space().size() < least_room) {
    auto const missing = std::max(wanted > size ? wanted - size : 0, least_room);
    bytes_.move_to(std::max(first_block, std::min(2 * size, size + missing)));
  }
  return bytes_.space();
}

}  // namespace strait::detail
