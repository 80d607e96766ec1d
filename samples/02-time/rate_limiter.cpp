#include "rate_limiter.hpp"

#include <algorithm>

namespace {

// With two windows of eight to choose from, the table is all but full before there is no room in both.
constexpr std::size_t window_size = 8;

}  // namespace

rate_limiter::rate_limiter(std::uint32_t rate, std::size_t sources, sip_hash_key const& key)
    : interval_((std::chrono::nanoseconds(std::chrono::seconds(1)) + std::chrono::nanoseconds(rate - 1)) / rate),
      burst_(interval_ * (rate - 1)),
      key_(key),
      accounts_(sources) {}

std::span<rate_limiter::account> rate_limiter::window(std::uint32_t hash) noexcept {
  auto const size = std::min(window_size, accounts_.size());
  auto const first = hash * std::uint64_t{accounts_.size() - size + 1} >> 32;  // as evenly as hash % … is, and faster
  return std::span(accounts_).subspan(first, size);
}

rate_limiter::verdict rate_limiter::ask(source_network source, clock::time_point now) {
  auto const hash = sip_hash(static_cast<std::uint64_t>(source), key_);
  std::span<account> const windows[] = {window(static_cast<std::uint32_t>(hash)),
                                        window(static_cast<std::uint32_t>(hash >> 32))};

  account* place = nullptr;
  std::ptrdiff_t most_free = 0;
  for (auto const& each : windows) {
    for (auto& known : each) {
      if (known.source != source || known.is_free(now)) continue;
      if (known.full_at - now > burst_) return verdict::too_often;
      known.full_at += interval_;
      return verdict::answer;
    }
    auto const is_free = [now](account const& one) { return one.is_free(now); };
    auto const free = std::count_if(each.begin(), each.end(), is_free);
    if (free > most_free) {
      most_free = free;
      place = &*std::find_if(each.begin(), each.end(), is_free);
    }
  }

  if (!place) return verdict::no_room;
  *place = {source, now + interval_};
  return verdict::answer;
}
