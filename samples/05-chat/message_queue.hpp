// message_queue: the messages that wait to be sent to one client.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "shared_text.hpp"
#include "strait/core/channel.hpp"
#include "strait/core/task.hpp"

/// Limited in messages and in bytes. A message that is shared by several queues counts in each of them. Only one task
/// may receive.
class message_queue {
 public:
  explicit message_queue(text_limits limits) : messages_(limits.messages), max_bytes_(limits.bytes) {}

  /// Adds `what`. Returns false, without adding it, if the queue is closed or its limits would be exceeded.
  [[nodiscard]] bool try_send(shared_text what) noexcept {
    auto const size = what->size();
    if (size > max_bytes_ - bytes_ || !messages_.try_send(std::move(what))) return false;
    bytes_ += size;
    return true;
  }

  /// Waits for the next message; returns nothing when the queue is closed and empty.
  [[nodiscard]] strait::task<std::optional<shared_text>> receive() {
    auto next = co_await messages_.receive();
    subtract_size(next);
    co_return next;
  }
  /// Returns the next message without waiting, or nothing if the queue is empty.
  [[nodiscard]] std::optional<shared_text> try_receive() noexcept {
    auto next = messages_.try_receive();
    subtract_size(next);
    return next;
  }

  /// Closes the queue. The messages in it can still be received.
  void close() noexcept { messages_.close(); }
  [[nodiscard]] bool is_closed() const noexcept { return messages_.is_closed(); }

 private:
  void subtract_size(std::optional<shared_text> const& received) noexcept {
    if (received) bytes_ -= (*received)->size();
  }

  strait::channel<shared_text> messages_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
};
