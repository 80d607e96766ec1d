// A binary heap, smallest first.
#include "core/timer_queue.hpp"

namespace strait::detail {

void timer_queue::insert(timer& item, loop_core& loop, clock::time_point when) {
  heap_.push_back({when, &item});
  item.loop_ = &loop;
  item.when_ = when;
  sift_up(heap_.size() - 1, heap_.back());
}

void timer_queue::remove(timer& item) noexcept {
  std::size_t const hole = item.position_;
  entry const last = heap_.back();
  heap_.pop_back();
  item.loop_ = nullptr;
  if (hole == heap_.size()) return;
  if (hole > 0 && last.when < heap_[(hole - 1) / 2].when) sift_up(hole, last);
  else sift_down(hole, last);
}

void timer_queue::expire(clock::time_point now) noexcept {
  while (!heap_.empty() && heap_.front().when <= now) {
    timer& due = *heap_.front().item;
    remove(due);
    due.expired();
  }
}

void timer_queue::place(std::size_t position, entry const& item) noexcept {
  heap_[position] = item;
  item.item->position_ = position;
}

void timer_queue::sift_up(std::size_t position, entry item) noexcept {
  while (position > 0) {
    std::size_t const above = (position - 1) / 2;
    if (!(item.when < heap_[above].when)) break;
    place(position, heap_[above]);
    position = above;
  }
  place(position, item);
}

void timer_queue::sift_down(std::size_t position, entry item) noexcept {
  for (;;) {
    std::size_t below = 2 * position + 1;
    if (below >= heap_.size()) break;
    if (below + 1 < heap_.size() && heap_[below + 1].when < heap_[below].when) ++below;
    if (!(heap_[below].when < item.when)) break;
    place(position, heap_[below]);
    position = below;
  }
  place(position, item);
}

}  // namespace strait::detail
