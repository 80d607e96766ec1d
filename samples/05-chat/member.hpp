// member: somebody who is connected, as the others see them.
#pragma once

#include <string>

#include "message_queue.hpp"
#include "shared_text.hpp"
#include "strait/core/cancel_scope.hpp"

class chat;
class room;

/// Belongs to the chat from beginning to end, and to one room from when it has a name.
class member {
 public:
  /// `queue` is how much may wait to be sent to it, at least one message.
  member(chat& in, text_limits queue);
  member(member const&) = delete;
  member& operator=(member const&) = delete;
  ~member();

  /// Puts `what` into the queue. If there is no room, its owner does not read what comes, and is dropped.
  void tell(shared_text what) noexcept;
  /// Closes the queue: what is in it is the last that is sent.
  void end() noexcept { queue_.close(); }
  /// Ends `connection()`, whatever is still in the queue.
  void drop() noexcept;

  /// What is to be sent.
  [[nodiscard]] message_queue& queue() noexcept { return queue_; }
  /// In which everything must run that is to end when the member is dropped.
  [[nodiscard]] strait::cancel_scope& connection() noexcept { return connection_; }

  /// Empty until it has one.
  [[nodiscard]] std::string const& name() const noexcept { return name_; }
  /// The name, folded.
  [[nodiscard]] std::string const& key() const noexcept { return key_; }
  /// Null until it has a name, and when it has left.
  [[nodiscard]] room* where() const noexcept { return where_; }

 private:
  friend class chat;
  chat& chat_;
  message_queue queue_;
  strait::cancel_scope connection_;
  std::string name_;
  std::string key_;
  room* where_ = nullptr;
};
