#include "room.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "member.hpp"
#include "names.hpp"

namespace {

constexpr std::size_t most_names = 100;

}  // namespace

void room::say(shared_text what) {
  history_.push_back(what);
  if (history_.size() > history_size_) history_.pop_front();
  tell(what);
}

void room::tell(shared_text const& what, member const* but) noexcept {
  for (auto* const each : members_)
    if (each != but) each->tell(what);
}

void room::tell_history(member& who) const noexcept {
  for (auto const& each : history_) who.tell(each);
}

std::string room::names(member const* but) const {
  std::vector<std::string_view> names;
  for (auto const* const each : members_)
    if (each != but) names.push_back(each->name());
  std::sort(names.begin(), names.end(), [](auto a, auto b) { return folded(a) < folded(b); });

  if (names.size() > most_names)
    return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + most_names, ", "),
                       names.size() - most_names);
  if (names.size() < 2) return fmt::format("{}", fmt::join(names, ""));
  return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}
