// message_queue: messages that wait to be sent to one client.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "shared_text.hpp"
#include "strait/core/channel.hpp"
#include "strait/core/task.hpp"

/// Bounded in messages and in bytes: a message that many queues share counts in each of them. One task receives.
class message_queue {
 public:
  explicit message_queue(text_limits most) : messages_(most.messages), most_bytes_(most.bytes) {}

  /// False if the queue is closed, or if it would hold more than it may; `what` is not in it then.
  [[nodiscard]] bool try_send(shared_text what) noexcept {
    auto const size = what->size();
    if (size > most_bytes_ - bytes_ || !messages_.try_send(std::move(what))) return false;
    bytes_ += size;
    return true;
  }

  /// Completes with the next message, or with nothing when the queue is closed and empty.
  [[nodiscard]] strait::task<std::optional<shared_text>> receive() {
    auto next = co_await messages_.receive();
    count_out(next);
    co_return next;
  }
  /// The next message, if there is one.
  [[nodiscard]] std::optional<shared_text> try_receive() noexcept {
    auto next = messages_.try_receive();
    count_out(next);
    return next;
  }

  /// What is in the queue can still be received.
  void close() noexcept { messages_.close(); }
  [[nodiscard]] bool is_closed() const noexcept { return messages_.is_closed(); }

 private:
  void count_out(std::optional<shared_text> const& taken) noexcept {
    if (taken) bytes_ -= (*taken)->size();
  }

  strait::channel<shared_text> messages_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
};
