// chat: all who are connected, their names and their rooms.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "member.hpp"
#include "room.hpp"

/// Where people talk to each other. Must outlive its members. Belongs to one loop's thread, as they do: nothing in here
/// waits, so what it does to many queues at once nobody can see half done.
class chat {
 public:
  /// Each room keeps the last messages, as many as `history` allows.
  explicit chat(text_limits history);

  /// Gives a name to who has none, and a place in `first_room` with it; or another name to who has one. Both must be
  /// names (`is_name`). False: somebody else has it.
  bool name(member& who, std::string_view name, std::string_view first_room);
  /// Takes who has a name to another room; there is no room that does not begin to exist when somebody enters it.
  void move(member& who, std::string_view to);
  /// Says something to the room that `who`, who has a name, is in. `text` must be printable.
  void say(member& who, std::string_view text);
  /// The same to one person alone. False: there is nobody of that name.
  bool say_to(std::string_view to, member& who, std::string_view text);
  /// Takes `who` out of the room, which is told `why`, if there is a reason ("connection lost"). The name is free
  /// again. No effect on who has none, or has left.
  void leave(member& who, std::string_view why = "");

  /// "lobby (2), tea (1)": all rooms with somebody in them; of many, a hundred.
  [[nodiscard]] std::string rooms() const;

  /// Tells everybody that this is the end, and ends their queues; who comes later is told at once.
  void end();

 private:
  friend class member;
  void add(member& who);
  void remove(member& who) noexcept;
  static void say_farewell(member& to);
  void enter(member& who, std::string_view room_name);
  void go_out(member& who) noexcept;

  text_limits history_;
  std::unordered_set<member*> connected_;
  std::unordered_map<std::string, member*> named_;  // by folded name
  std::map<std::string, room> rooms_;               // by folded name
  bool has_ended_ = false;
};
