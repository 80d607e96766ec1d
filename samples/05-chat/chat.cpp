#include "chat.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "names.hpp"

namespace {

constexpr std::size_t max_listed_rooms = 100;

}  // namespace

chat::chat(text_limits history) : history_(history) {}

bool chat::set_name(member& user, std::string_view name, std::string_view first_room) {
  auto const key = folded(name);
  auto const [place, is_free] = named_.try_emplace(key, &user);
  if (!is_free && place->second != &user) return false;
  if (is_free) {
    if (user.room_) user.room_->rename(user.key_, key);
    named_.erase(std::exchange(user.key_, key));
  }

  auto const former = std::exchange(user.name_, name);
  if (user.room_) {
    user.room_->send(notice("{} is now {}", former, user.name_));
  } else {
    user.send(notice("you are {}", user.name_));
    enter(user, first_room);
  }
  return true;
}

void chat::move(member& user, std::string_view to) {
  auto& from = *user.room_;
  if (folded(from.name()) == folded(to)) return user.send(notice("you are in {}", from.name()));
  from.send(notice("{} has moved to {}", user.name(), to), &user);
  remove_from_room(user);
  enter(user, to);
}

void chat::enter(member& user, std::string_view room_name) {
  auto& into = rooms_.try_emplace(folded(room_name), room_name, history_).first->second;
  into.enter(user);
  user.room_ = &into;
  into.send(notice("{} has joined", user.name()), &user);
  into.send_history(user);
  if (into.size() == 1) user.send(notice("you are in {}, alone", into.name()));
  else user.send(notice("you are in {}, with {}", into.name(), into.names(&user)));
}

/// Empty rooms are removed, so that a client cannot fill the memory with rooms.
void chat::remove_from_room(member& user) noexcept {
  auto* const from = std::exchange(user.room_, nullptr);
  if (!from) return;
  from->leave(user);
  if (from->empty()) rooms_.erase(rooms_.find(from->key()));
}

void chat::say(member& user, std::string_view text) { user.room_->say(chat_message(user.name(), text)); }

bool chat::say_privately(std::string_view to, member& user, std::string_view text) {
  auto const found = named_.find(folded(to));
  if (found == named_.end()) return false;
  auto& other = *found->second;
  other.send(chat_message(fmt::format("{} to you", user.name()), text));
  user.send(chat_message(fmt::format("you to {}", other.name()), text));
  return true;
}

void chat::leave(member& user, std::string_view why) {
  if (!user.room_) return;
  if (!is_shut_down_)
    user.room_->send(why.empty() ? notice("{} has left", user.name()) : notice("{} has left: {}", user.name(), why),
                     &user);
  remove(user);
}

void chat::add(member& user) {
  connected_.insert(&user);
  if (is_shut_down_) say_farewell(user);
}

void chat::remove(member& user) noexcept {
  remove_from_room(user);
  connected_.erase(&user);
  auto const found = named_.find(user.key_);
  if (found != named_.end() && found->second == &user) named_.erase(found);
}

std::string chat::rooms() const {
  std::vector<std::string> texts;
  for (auto const& [key, each] : rooms_) {
    if (texts.size() == max_listed_rooms) {
      texts.emplace_back("…");
      break;
    }
    texts.push_back(fmt::format("{} ({})", each.name(), each.size()));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

void chat::shut_down() {
  if (std::exchange(is_shut_down_, true)) return;
  for (auto* const each : connected_) say_farewell(*each);
}

void chat::say_farewell(member& to) {
  to.send(notice("bye: the server is shutting down"));
  to.end();
}
