#include "rate_limiter.hpp"

#include <algorithm>

namespace {

// With a choice of two windows of eight entries, the table is almost full before both windows of a source are full.
constexpr std::size_t window_size = 8;

}  // namespace

rate_limiter::rate_limiter(std::uint32_t rate, std::size_t sources, sip_hash_key const& key)
    : interval_((std::chrono::nanoseconds(std::chrono::seconds(1)) + std::chrono::nanoseconds(rate - 1)) / rate),
      burst_(interval_ * (rate - 1)),
      key_(key),
      accounts_(sources) {}

std::span<rate_limiter::account> rate_limiter::window(std::uint32_t hash) noexcept {
  auto const size = std::min(window_size, accounts_.size());
  auto const first =
      hash * std::uint64_t{accounts_.size() - size + 1} >> 32;  // distributes as evenly as hash % n, and is faster
  return std::span(accounts_).subspan(first, size);
}

rate_limiter::verdict rate_limiter::check(source_network source, clock::time_point now) {
  auto const hash = sip_hash(static_cast<std::uint64_t>(source), key_);
  std::span<account> const windows[] = {window(static_cast<std::uint32_t>(hash)),
                                        window(static_cast<std::uint32_t>(hash >> 32))};

  account* free_account = nullptr;
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
      free_account = &*std::find_if(each.begin(), each.end(), is_free);
    }
  }

  if (!free_account) return verdict::no_room;
  *free_account = {source, now + interval_};
  return verdict::answer;
}
