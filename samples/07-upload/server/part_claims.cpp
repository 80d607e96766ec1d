#include "server/part_claims.hpp"

#include <chrono>
#include <utility>

using namespace strait;

namespace samples::upload {

part_claims::claim::claim(part_claims& of, std::string part, std::shared_ptr<holder> mine)
    : of_(&of), part_(std::move(part)), mine_(std::move(mine)) {}

part_claims::claim::~claim() {
  if (!mine_) return;  // moved from
  mine_->on_takeover = nullptr;
  of_->give_back(part_);
}

task<part_claims::claim> part_claims::take(std::string part, std::function<void()> on_takeover) {
  auto& loop = co_await current_loop();
  auto mine = std::make_shared<holder>(loop, std::move(on_takeover));
  // It takes the other one a write to a disk to let go, and that happens seldom.
  while (!try_take(part, mine)) co_await sleep_for(std::chrono::milliseconds(10));
  co_return claim(*this, std::move(part), std::move(mine));
}

bool part_claims::try_take(std::string const& part, std::shared_ptr<holder> const& mine) {
  std::lock_guard const lock(mutex_);  // while it is held, the loop of whoever is in `holders_` exists
  auto const [found, is_free] = holders_.try_emplace(part, mine);
  if (is_free) return true;
  auto const& other = found->second;
  if (!std::exchange(other->is_asked, true)) {
    other->loop.post([other] {
      if (auto const tell = std::exchange(other->on_takeover, nullptr)) tell();
    });
  }
  return false;
}

void part_claims::give_back(std::string const& part) noexcept {
  std::lock_guard const lock(mutex_);
  holders_.erase(part);
}

}  // namespace samples::upload
