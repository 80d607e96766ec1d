// A treap whose links are in the timers.
#include "core/timer_queue.hpp"

#include <cstdint>

namespace strait::detail {
namespace {

/// A hash of the address (multiplications as in splitmix64): neighbors in memory have ranks far apart.
std::uint32_t rank(timer const& item) noexcept {
  auto const address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&item));
  auto const mixed = (address ^ address >> 32) * 0x9e3779b97f4a7c15;
  return static_cast<std::uint32_t>((mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9 >> 32);
}

}  // namespace

void timer_queue::insert(timer& item, loop_core& loop, clock::time_point when) noexcept {
  item.loop_ = &loop;
  item.when_ = when;
  item.earlier_ = item.later_ = nullptr;
  if (!root_) {
    item.above_ = nullptr;
    root_ = first_ = last_ = &item;
    return;
  }
  if (!(when < last_->when_)) {
    place_below(last_, last_->later_, item);
    last_ = &item;
    return;
  }
  timer* above = root_;
  timer** link = nullptr;
  for (timer* next = root_; next; next = *link) {
    above = next;
    link = when < next->when_ ? &next->earlier_ : &next->later_;
  }
  if (above == first_ && link == &above->earlier_) first_ = &item;
  place_below(above, *link, item);
}

void timer_queue::place_below(timer* above, timer*& link, timer& item) noexcept {
  link = &item;
  item.above_ = above;
  auto const its = rank(item);
  while (item.above_ && rank(*item.above_) < its) raise(item);
}

/// The pointer in the tree that points to `item`.
timer*& timer_queue::link_to(timer& item) noexcept {
  if (!item.above_) return root_;
  return item.above_->earlier_ == &item ? item.above_->earlier_ : item.above_->later_;
}

/// Rotates the tree so that `item` takes the place of its parent, which becomes its child.
void timer_queue::raise(timer& item) noexcept {
  timer& sunk = *item.above_;
  link_to(sunk) = &item;
  item.above_ = sunk.above_;
  bool const was_earlier = sunk.earlier_ == &item;
  timer*& moved = was_earlier ? item.later_ : item.earlier_;
  (was_earlier ? sunk.earlier_ : sunk.later_) = moved;
  if (moved) moved->above_ = &sunk;
  moved = &sunk;
  sunk.above_ = &item;
}

void timer_queue::remove(timer& item) noexcept {
  while (item.earlier_ && item.later_) raise(rank(*item.earlier_) < rank(*item.later_) ? *item.later_ : *item.earlier_);
  timer* const below = item.earlier_ ? item.earlier_ : item.later_;
  link_to(item) = below;
  if (below) below->above_ = item.above_;
  item.loop_ = nullptr;

  // The first timer has no left child, and the last no right child, so their successors are close by.
  if (first_ == &item) {
    first_ = below ? below : item.above_;
    while (first_ && first_->earlier_) first_ = first_->earlier_;
  }
  if (last_ == &item) {
    last_ = below ? below : item.above_;
    while (last_ && last_->later_) last_ = last_->later_;
  }
}

void timer_queue::expire(clock::time_point now) noexcept {
  while (first_ && first_->when_ <= now) {
    timer& due = *first_;
    remove(due);
    due.expired();
  }
}

}  // namespace strait::detail
