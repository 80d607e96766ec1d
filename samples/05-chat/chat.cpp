#include "chat.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "names.hpp"

namespace {

constexpr std::size_t most_rooms = 100;

}  // namespace

chat::chat(text_limits history) : history_(history) {}

bool chat::name(member& who, std::string_view name, std::string_view first_room) {
  auto const key = folded(name);
  auto const [place, is_free] = named_.try_emplace(key, &who);
  if (!is_free && place->second != &who) return false;
  if (is_free) {
    if (who.where_) who.where_->rename(who.key_, key);
    named_.erase(std::exchange(who.key_, key));
  }

  auto const former = std::exchange(who.name_, name);
  if (who.where_) {
    who.where_->tell(notice("{} is now {}", former, who.name_));
  } else {
    who.tell(notice("you are {}", who.name_));
    enter(who, first_room);
  }
  return true;
}

void chat::move(member& who, std::string_view to) {
  auto& from = *who.where_;
  if (folded(from.name()) == folded(to)) return who.tell(notice("you are in {}", from.name()));
  from.tell(notice("{} has gone to {}", who.name(), to), &who);
  go_out(who);
  enter(who, to);
}

void chat::enter(member& who, std::string_view room_name) {
  auto& into = rooms_.try_emplace(folded(room_name), room_name, history_).first->second;
  into.enter(who);
  who.where_ = &into;
  into.tell(notice("{} has come", who.name()), &who);
  into.tell_history(who);
  if (into.size() == 1) who.tell(notice("you are in {}, alone", into.name()));
  else who.tell(notice("you are in {}, with {}", into.name(), into.names(&who)));
}

/// A room ends with the last one to go out of it: nobody can fill the memory with rooms.
void chat::go_out(member& who) noexcept {
  auto* const from = std::exchange(who.where_, nullptr);
  if (!from) return;
  from->leave(who);
  if (from->empty()) rooms_.erase(rooms_.find(from->key()));
}

void chat::say(member& who, std::string_view text) { who.where_->say(said(who.name(), text)); }

bool chat::say_to(std::string_view to, member& who, std::string_view text) {
  auto const found = named_.find(folded(to));
  if (found == named_.end()) return false;
  auto& other = *found->second;
  other.tell(said(fmt::format("{} to you", who.name()), text));
  who.tell(said(fmt::format("you to {}", other.name()), text));
  return true;
}

void chat::leave(member& who, std::string_view why) {
  if (!who.where_) return;
  if (!has_ended_)
    who.where_->tell(why.empty() ? notice("{} has left", who.name()) : notice("{} has left: {}", who.name(), why),
                     &who);
  remove(who);
}

void chat::add(member& who) {
  connected_.insert(&who);
  if (has_ended_) say_farewell(who);
}

void chat::remove(member& who) noexcept {
  go_out(who);
  connected_.erase(&who);
  auto const found = named_.find(who.key_);
  if (found != named_.end() && found->second == &who) named_.erase(found);
}

std::string chat::rooms() const {
  std::vector<std::string> texts;
  for (auto const& [key, each] : rooms_) {
    if (texts.size() == most_rooms) {
      texts.emplace_back("…");
      break;
    }
    texts.push_back(fmt::format("{} ({})", each.name(), each.size()));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

void chat::end() {
  if (std::exchange(has_ended_, true)) return;
  for (auto* const each : connected_) say_farewell(*each);
}

void chat::say_farewell(member& to) {
  to.tell(notice("bye: the server ends"));
  to.end();
}
