// The order in which sends on a datagram socket proceed.
#include "net/send_queues.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace strait::detail {
// The names of receivers may be chosen by clients; the seed, which they cannot know, prevents collisions on purpose.
send_queues::send_queues() noexcept
    : seed_(reinterpret_cast<std::uintptr_t>(this) ^ static_cast<std::uint64_t>(clock::now().time_since_epoch().count())
                                                         << 20) {}

std::uint64_t send_queues::hash_of(datagram_awaiter const& operation) const noexcept {
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

datagram_awaiter* send_queues::first_like(datagram_awaiter const& operation, std::uint64_t hash) const noexcept {
  queue const& among = queue_of(hash);
  for (auto* each = among.front(); each; each = among.next(*each))
    if (each->hash_ == hash && each->name_size_ == operation.name_size_ &&
        std::memcmp(each->name_, operation.name_, operation.name_size_) == 0)
      return each;
  return nullptr;
}

bool send_queues::is_first_of_its_queue(datagram_awaiter const& operation) const noexcept {
  return operation.has_receiver_of_its_own() && held_.empty() && !first_like(operation, hash_of(operation));
}

void send_queues::push_back(datagram_awaiter& operation) noexcept {
  ++count_;
  if (operation.has_receiver_of_its_own() && held_.empty()) set_apart(operation, hash_of(operation));
  else held_.push_back(operation);
}

void send_queues::set_apart(datagram_awaiter& operation, std::uint64_t hash) noexcept {
  if (apart_ == queue_count_) add_queues();
  ++apart_;
  operation.is_apart_ = true;
  operation.hash_ = hash;
  queue_of(hash).push_back(operation);
}

void send_queues::add_queues() noexcept {
  std::size_t const more = std::max<std::size_t>(16, 2 * queue_count_);
  std::unique_ptr<queue[]> made(new (std::nothrow) queue[more]);
  if (!made) return;
  for (std::size_t i = 0; i != queue_count_; ++i)
    while (auto* const each = queues_[i].front()) made[each->hash_ & (more - 1)].push_back(*each);
  many_queues_ = std::move(made);
  queues_ = many_queues_.get();
  queue_count_ = more;
}

void send_queues::remove(datagram_awaiter& operation) noexcept {
  --count_;
  operation.unlink();
  if (operation.is_apart_) {
    --apart_;
    if (auto* const next = first_like(operation, operation.hash_)) begin(*next);
  }
  if (!held_.empty()) go_on_with_held();
}

void send_queues::go_on_with_held() noexcept {
  for (auto* next = held_.front(); next && next->has_receiver_of_its_own(); next = held_.front()) {
    auto const hash = hash_of(*next);
    bool const is_first = !first_like(*next, hash);
    set_apart(*next, hash);
    if (is_first) begin(*next);
  }
  if (auto* const next = held_.front(); next && apart_ == 0) begin(*next);
}

void send_queues::begin(datagram_awaiter& operation) noexcept {
  if (!operation.waits_for_room_) operation.go_on();
}

}  // namespace strait::detail
