#include "room.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "member.hpp"

namespace {

constexpr std::size_t max_listed_names = 100;

}  // namespace

void room::enter(member& user) { members_.emplace(user.key(), &user); }

void room::leave(member const& user) noexcept { members_.erase(user.key()); }

void room::rename(std::string const& from, std::string to) noexcept {
  auto entry = members_.extract(from);
  entry.key() = std::move(to);
  members_.insert(std::move(entry));
}

void room::say(shared_text what) {
  history_.push_back(what);
  history_bytes_ += what->size();
  while (history_.size() > max_history_.messages || history_bytes_ > max_history_.bytes) {
    history_bytes_ -= history_.front()->size();
    history_.pop_front();
  }
  send(what);
}

void room::send(shared_text const& what, member const* except) noexcept {
  for (auto const& [key, each] : members_)
    if (each != except) each->send(what);
}

void room::send_history(member& user) const noexcept {
  for (auto const& each : history_) user.send(each);
}

std::string room::names(member const* except) const {
  std::vector<std::string_view> names;
  for (auto const& [key, each] : members_) {
    if (names.size() == max_listed_names) break;
    if (each != except) names.push_back(each->name());
  }

  auto const unlisted = members_.size() - (except ? 1 : 0) - names.size();
  if (unlisted > 0) return fmt::format("{} and {} more", fmt::join(names, ", "), unlisted);
  if (names.size() < 2) return fmt::format("{}", fmt::join(names, ""));
  return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}
