// room: the members of a room and its message history.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "names.hpp"
#include "shared_text.hpp"

class member;

/// Members must leave before they are destroyed. All members receive the same messages in the same order.
class room {
 public:
  /// Keeps the last messages, up to the limits in `history`.
  room(std::string_view name, text_limits history) : name_(name), key_(folded(name)), max_history_(history) {}

  [[nodiscard]] std::string const& name() const noexcept { return name_; }
  /// The name, folded.
  [[nodiscard]] std::string const& key() const noexcept { return key_; }
  [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }

  /// `user` must have a name. Until it leaves, the name changes only together with `rename`.
  void enter(member& user);
  void leave(member const& user) noexcept;
  /// Changes the folded name of a member.
  void rename(std::string const& from, std::string to) noexcept;

  /// Sends a message to all members, and adds it to the history for later members.
  void say(shared_text what);
  /// Sends a message to all members except `except`.
  void send(shared_text const& what, member const* except = nullptr) noexcept;
  /// Sends the history to `user`.
  void send_history(member& user) const noexcept;

  /// Returns the names in alphabetical order without that of `except`: "alice, bob and carol". At most 100 names are
  /// listed, with the number of the others, so that the cost does not depend on the size of the room.
  [[nodiscard]] std::string names(member const* except = nullptr) const;

 private:
  std::string name_;
  std::string key_;
  text_limits max_history_;
  std::map<std::string, member*> members_;  // by folded name
  std::deque<shared_text> history_;
  std::size_t history_bytes_ = 0;
};
