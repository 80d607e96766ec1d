// buffered_writer: the buffer, whatever the stream.
#include "strait/io/buffered_writer.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace strait::detail {
namespace {

constexpr std::size_t smallest_block = 512;

}  // namespace

gathered_bytes::gathered_bytes(const_buffer first, const_buffer second, const_buffers more) {
  if (more.size() + 2 > few) all_ = new const_buffer[more.size() + 2];
  all_[size_++] = first;
  all_[size_++] = second;
  for (auto const& each : more) all_[size_++] = each;
}

gathered_bytes::~gathered_bytes() {
  if (all_ != few_) delete[] all_;
}

void unsent::make_room(std::size_t size) {
  if (bytes_.space().size() >= size) return;
  auto const needed = bytes_.size() + size;
  bytes_.move_to(std::max({needed, std::min(2 * needed, high_water_mark_), smallest_block}));
}

bool unsent::try_append(const_buffer first, const_buffers more) {
  if (!has_room_for(first.size() + total_size(more))) return false;
  append(first, more);
  return true;
}

void unsent::append(const_buffer first, const_buffers more) {
  make_room(first.size() + total_size(more));
  bytes_.append(first);
  for (auto const& each : more) bytes_.append(each);
}

void unsent::append_formatted(fmt::string_view format, fmt::format_args arguments) {
  make_room(smallest_block / 4);
  for (;;) {
    auto const space = bytes_.space();
    auto const size = fmt::vformat_to_n(static_cast<char*>(space.data()), space.size(), format, arguments).size;
    if (size <= space.size()) return bytes_.commit(size);
    make_room(size);
  }
}

void unsent::sent(std::size_t size) noexcept {
  bytes_.consume(size);
  if (bytes_.empty()) bytes_ = byte_block();
}

std::size_t unsent::sent_with_others(std::size_t moved) noexcept {
  auto const mine = std::min(moved, bytes_.size());
  sent(mine);
  return moved - mine;
}

std::size_t unsent::keep_rest(std::size_t moved, const_buffer first, const_buffers more, std::size_t size) {
  auto const part = sent_with_others(moved);
  if (part == 0) return 0;
  drop_front(first, more, part);
  append(first, more);
  return size;
}

}  // namespace strait::detail
