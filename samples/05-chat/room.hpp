// room: people who see what each of them says, and what was said before they came.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "names.hpp"
#include "shared_text.hpp"

class member;

/// Its members must leave before they end. All see the same messages in the same order.
class room {
 public:
  /// Keeps the last `history` messages.
  room(std::string_view name, std::size_t history) : name_(name), key_(folded(name)), history_size_(history) {}

  [[nodiscard]] std::string const& name() const noexcept { return name_; }
  /// The name, folded.
  [[nodiscard]] std::string const& key() const noexcept { return key_; }
  [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }

  void enter(member& who) { members_.push_back(&who); }
  void leave(member& who) noexcept { std::erase(members_, &who); }

  /// Tells all who are here, and those who come later.
  void say(shared_text what);
  /// Tells all who are here now, but for one, if that is given.
  void tell(shared_text const& what, member const* but = nullptr) noexcept;
  /// Tells `who` what was said before.
  void tell_history(member& who) const noexcept;

  /// "alice, bob and carol", without `but`, in alphabetical order; of many, a hundred and how many there are besides.
  [[nodiscard]] std::string names(member const* but = nullptr) const;

 private:
  std::string name_;
  std::string key_;
  std::size_t history_size_;
  std::vector<member*> members_;
  std::deque<shared_text> history_;
};
