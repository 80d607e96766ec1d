// room: people who see what each of them says, and what was said before they came.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "names.hpp"
#include "shared_text.hpp"

class member;

/// Its members must leave before they end. All see the same messages in the same order.
class room {
 public:
  /// Keeps the last messages, as many as `history` allows.
  room(std::string_view name, text_limits history) : name_(name), key_(folded(name)), most_history_(history) {}

  [[nodiscard]] std::string const& name() const noexcept { return name_; }
  /// The name, folded.
  [[nodiscard]] std::string const& key() const noexcept { return key_; }
  [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }

  /// `who` has a name, and keeps it until it leaves, but for `rename`.
  void enter(member& who);
  void leave(member const& who) noexcept;
  /// The member whose folded name is `from` has another one from now on.
  void rename(std::string const& from, std::string to) noexcept;

  /// Tells all who are here, and those who come later.
  void say(shared_text what);
  /// Tells all who are here now, but for one, if that is given.
  void tell(shared_text const& what, member const* but = nullptr) noexcept;
  /// Tells `who` what was said before.
  void tell_history(member& who) const noexcept;

  /// "alice, bob and carol", without `but`, if a member is given, in alphabetical order; of many, a hundred and how
  /// many there are besides. Takes the same time for a large room as for one of a hundred.
  [[nodiscard]] std::string names(member const* but = nullptr) const;

 private:
  std::string name_;
  std::string key_;
  text_limits most_history_;
  std::map<std::string, member*> members_;  // by folded name
  std::deque<shared_text> history_;
  std::size_t history_bytes_ = 0;
};
