// chat: the connected members, their names and their rooms.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "member.hpp"
#include "room.hpp"

/// The state of the chat. Must outlive its members. Used only on the thread of one event loop; no function suspends, so
/// every change to several queues is atomic for the other tasks.
class chat {
 public:
  /// Each room keeps the last messages, up to the limits in `history`.
  explicit chat(text_limits history);

  /// Sets or changes the name of `user`. The first name also puts the user into `first_room`. Both must satisfy
  /// `is_name`. Returns false if another user has the name.
  bool set_name(member& user, std::string_view name, std::string_view first_room);
  /// Moves `user`, who must have a name, to another room, which is created if it does not exist.
  void move(member& user, std::string_view to);
  /// Sends `text`, which must be printable, to the room of `user`, who must have a name.
  void say(member& user, std::string_view text);
  /// Sends `text` only to the user with the name `to`. Returns false if there is none.
  bool say_privately(std::string_view to, member& user, std::string_view text);
  /// Removes `user` from the room, notifies the room with the reason `why` (such as "connection lost"), if any, and
  /// releases the name. Has no effect if the user has no name or has left.
  void leave(member& user, std::string_view why = "");

  /// Returns "lobby (2), tea (1)": the rooms with their number of members, at most 100 of them.
  [[nodiscard]] std::string rooms() const;

  /// Notifies all members and closes their queues. Members that connect later are notified at once.
  void shut_down();

 private:
  friend class member;
  void add(member& user);
  void remove(member& user) noexcept;
  static void say_farewell(member& to);
  void enter(member& user, std::string_view room_name);
  void remove_from_room(member& user) noexcept;

  text_limits history_;
  std::unordered_set<member*> connected_;
  std::unordered_map<std::string, member*> named_;  // by folded name
  std::map<std::string, room> rooms_;               // by folded name
  bool is_shut_down_ = false;
};
