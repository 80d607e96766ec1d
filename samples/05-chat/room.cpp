#include "room.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "member.hpp"

namespace {

constexpr std::size_t most_names = 100;

}  // namespace

void room::enter(member& who) { members_.emplace(who.key(), &who); }

void room::leave(member const& who) noexcept { members_.erase(who.key()); }

void room::rename(std::string const& from, std::string to) noexcept {
  auto entry = members_.extract(from);
  entry.key() = std::move(to);
  members_.insert(std::move(entry));
}

void room::say(shared_text what) {
  history_.push_back(what);
  history_bytes_ += what->size();
  while (history_.size() > most_history_.messages || history_bytes_ > most_history_.bytes) {
    history_bytes_ -= history_.front()->size();
    history_.pop_front();
  }
  tell(what);
}

void room::tell(shared_text const& what, member const* but) noexcept {
  for (auto const& [key, each] : members_)
    if (each != but) each->tell(what);
}

void room::tell_history(member& who) const noexcept {
  for (auto const& each : history_) who.tell(each);
}

std::string room::names(member const* but) const {
  std::vector<std::string_view> names;
  for (auto const& [key, each] : members_) {
    if (names.size() == most_names) break;
    if (each != but) names.push_back(each->name());
  }

  auto const unnamed = members_.size() - (but ? 1 : 0) - names.size();
  if (unnamed > 0) return fmt::format("{} and {} more", fmt::join(names, ", "), unnamed);
  if (names.size() < 2) return fmt::format("{}", fmt::join(names, ""));
  return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}
