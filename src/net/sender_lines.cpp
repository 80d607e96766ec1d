// The order in which sends on a datagram socket proceed.
#include "net/sender_lines.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace strait::detail {
// The names of receivers may be chosen by clients; the seed, which they cannot know, prevents collisions on purpose.
sender_lines::sender_lines() noexcept
    : seed_(reinterpret_cast<std::uintptr_t>(this) ^ static_cast<std::uint64_t>(clock::now().time_since_epoch().count())
                                                         << 20) {}

std::uint64_t sender_lines::hash_of(datagram_awaiter const& operation) const noexcept {
  auto const* const name = static_cast<char const*>(operation.name_);
  std::uint64_t hash = seed_;
  for (std::size_t at = 0; at < operation.name_size_; at += sizeof hash) {
    std::uint64_t part = 0;
    std::memcpy(&part, name + at, std::min(sizeof part, operation.name_size_ - at));
    hash = (hash ^ part) * 0xff51afd7ed558ccd;  // as the finalizer of MurmurHash3
    hash ^= hash >> 33;
  }
  return hash;
}

datagram_awaiter* sender_lines::first_like(datagram_awaiter const& operation, std::uint64_t hash) const noexcept {
  line const& among = line_of(hash);
  for (auto* each = among.front(); each; each = among.next(*each))
    if (each->hash_ == hash && each->name_size_ == operation.name_size_ &&
        std::memcmp(each->name_, operation.name_, operation.name_size_) == 0)
      return each;
  return nullptr;
}

bool sender_lines::first_of_its_line(datagram_awaiter const& operation) const noexcept {
  return operation.has_receiver_of_its_own() && held_.empty() && !first_like(operation, hash_of(operation));
}

void sender_lines::push_back(datagram_awaiter& operation) noexcept {
  ++count_;
  if (operation.has_receiver_of_its_own() && held_.empty()) set_apart(operation, hash_of(operation));
  else held_.push_back(operation);
}

void sender_lines::set_apart(datagram_awaiter& operation, std::uint64_t hash) noexcept {
  if (apart_ == line_count_) add_lines();
  ++apart_;
  operation.is_apart_ = true;
  operation.hash_ = hash;
  line_of(hash).push_back(operation);
}

void sender_lines::add_lines() noexcept {
  std::size_t const more = std::max<std::size_t>(16, 2 * line_count_);
  std::unique_ptr<line[]> made(new (std::nothrow) line[more]);
  if (!made) return;
  for (std::size_t i = 0; i != line_count_; ++i)
    while (auto* const each = lines_[i].front()) made[each->hash_ & (more - 1)].push_back(*each);
  many_lines_ = std::move(made);
  lines_ = many_lines_.get();
  line_count_ = more;
}

void sender_lines::remove(datagram_awaiter& operation) noexcept {
  --count_;
  operation.unlink();
  if (operation.is_apart_) {
    --apart_;
    if (auto* const next = first_like(operation, operation.hash_)) begin(*next);
  }
  if (!held_.empty()) go_on_with_held();
}

void sender_lines::go_on_with_held() noexcept {
  for (auto* next = held_.front(); next && next->has_receiver_of_its_own(); next = held_.front()) {
    auto const hash = hash_of(*next);
    bool const is_first = !first_like(*next, hash);
    set_apart(*next, hash);
    if (is_first) begin(*next);
  }
  if (auto* const next = held_.front(); next && apart_ == 0) begin(*next);
}

void sender_lines::begin(datagram_awaiter& operation) noexcept {
  if (!operation.waits_for_room_) operation.go_on();
}

}  // namespace strait::detail
