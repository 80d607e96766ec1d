// member: one connected user of the chat.
#pragma once

#include <string>

#include "message_queue.hpp"
#include "shared_text.hpp"
#include "strait/core/cancel_scope.hpp"

class chat;
class room;

/// Registered in the chat during its lifetime, and in one room while it has a name.
class member {
 public:
  /// `queue` limits the messages that wait to be sent to this user; it must allow at least one.
  member(chat& in, text_limits queue);
  member(member const&) = delete;
  member& operator=(member const&) = delete;
  ~member();

  /// Adds a message to the queue. If the queue is full, the user reads too slowly and is dropped.
  void send(shared_text what) noexcept;
  /// Closes the queue. The messages in it are still sent.
  void end() noexcept { queue_.close(); }
  /// Cancels `connection()` and discards the queue.
  void drop() noexcept;

  /// The messages that wait to be sent.
  [[nodiscard]] message_queue& queue() noexcept { return queue_; }
  /// The scope in which the tasks of the connection run; `drop` cancels it.
  [[nodiscard]] strait::cancel_scope& connection() noexcept { return connection_; }

  /// Empty until the user has chosen a name.
  [[nodiscard]] std::string const& name() const noexcept { return name_; }
  /// The name, folded.
  [[nodiscard]] std::string const& key() const noexcept { return key_; }
  /// The current room; null until the user has chosen a name, and after it has left.
  [[nodiscard]] room* current_room() const noexcept { return room_; }

 private:
  friend class chat;
  chat& chat_;
  message_queue queue_;
  strait::cancel_scope connection_;
  std::string name_;
  std::string key_;
  room* room_ = nullptr;
};
