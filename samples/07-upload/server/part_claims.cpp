#include "server/part_claims.hpp"

#include <chrono>
#include <new>
#include <utility>

using namespace strait;

namespace samples::upload {
namespace {

// How often a claimant checks by itself, in case there was no memory for waking it.
constexpr auto between_looks = std::chrono::seconds(1);

}  // namespace

part_claims::claim::claim(part_claims& of, std::string part, std::shared_ptr<claimant> mine)
    : of_(&of), part_(std::move(part)), mine_(std::move(mine)) {}

part_claims::claim::~claim() {
  if (!mine_) return;  // moved from
  mine_->on_takeover = nullptr;
  of_->leave(part_, *mine_);
}

task<std::optional<part_claims::claim>> part_claims::take(std::string part, std::function<void()> on_takeover) {
  auto& loop = co_await current_loop();
  claim mine(*this, std::move(part), std::make_shared<claimant>(loop, std::move(on_takeover)));
  enter(mine.part_, mine.mine_);
  for (;;) {
    auto const where = standing_of(*mine.mine_);
    if (where == standing::refused) co_return std::nullopt;
    if (where == standing::holds) break;
    try {
      co_await timeout(between_looks, mine.mine_->has_news.wait());
    } catch (timed_out const&) {}
    mine.mine_->has_news.reset();
  }
  co_return std::optional<claim>(std::move(mine));
}

void part_claims::enter(std::string const& part, std::shared_ptr<claimant> const& mine) {
  std::lock_guard const lock(mutex_);
  auto& there = places_[part];
  if (!there.holder) {
    there.holder = mine;
    mine->where = standing::holds;
    return;
  }
  if (auto const former = std::exchange(there.next, mine)) {
    former->where = standing::refused;
    former->loop.post([former] { former->has_news.set(); });
  }
  auto const& holder = there.holder;
  if (holder->is_asked) return;
  holder->loop.post([holder] {
    if (auto const tell = std::exchange(holder->on_takeover, nullptr)) tell();
  });
  holder->is_asked = true;
}

void part_claims::leave(std::string const& part, claimant const& mine) noexcept {
  std::lock_guard const lock(mutex_);
  auto const found = places_.find(part);
  if (found == places_.end()) return;
  auto& there = found->second;
  if (there.next.get() == &mine) there.next = nullptr;
  if (there.holder.get() != &mine) return;
  there.holder = std::exchange(there.next, nullptr);
  if (!there.holder) {
    places_.erase(found);
    return;
  }
  there.holder->where = standing::holds;
  try {
    there.holder->loop.post([next = there.holder] { next->has_news.set(); });
  } catch (std::bad_alloc const&) {}  // the claimant checks by itself
}

part_claims::standing part_claims::standing_of(claimant const& mine) {
  std::lock_guard const lock(mutex_);
  return mine.where;
}

}  // namespace samples::upload
