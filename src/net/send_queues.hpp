// send_queues: the queues of waiting sends of a datagram socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "strait/core/detail/intrusive_list.hpp"
#include "strait/net/detail/datagram_awaiter.hpp"

namespace strait::detail {

/// Orders sends by the time at which they began. A send with a receiver of its own (an unconnected local socket) waits
/// only for earlier sends to the same receiver, and for earlier sends without one. A send without a receiver of its own
/// waits for all earlier sends. Each operation takes constant time, however many sends wait. Allocates when there are
/// more receivers than ever before; if that fails, it becomes slower.
class send_queues {
 public:
  send_queues() noexcept;
  send_queues(send_queues const&) = delete;
  send_queues& operator=(send_queues const&) = delete;

  /// Whether `operation`, which is about to begin, need not wait for others.
  [[nodiscard]] bool is_free_for(datagram_awaiter const& operation) const noexcept {
    return count_ == 0 || is_first_of_its_queue(operation);
  }
  void push_back(datagram_awaiter& operation) noexcept;
  /// Removes `operation` and continues the sends that waited for it.
  void remove(datagram_awaiter& operation) noexcept;

  /// Calls `what` with each send. It must not change the queues.
  template <class F>
  void for_each(F what) const {
    for (std::size_t i = 0; i != queue_count_; ++i)
      for (auto* each = queues_[i].front(); each; each = queues_[i].next(*each)) what(*each);
    for (auto* each = held_.front(); each; each = held_.next(*each)) what(*each);
  }
  /// Removes all sends and calls `what` with each.
  template <class F>
  void clear(F what) {
    for (std::size_t i = 0; i != queue_count_; ++i) clear(queues_[i], what);
    clear(held_, what);
    count_ = apart_ = 0;
  }

 private:
  using queue = intrusive_list<datagram_awaiter>;

  template <class F>
  static void clear(queue& from, F& what) {
    while (auto* const each = from.front()) {
      each->unlink();
      what(*each);
    }
  }
  [[nodiscard]] bool is_first_of_its_queue(datagram_awaiter const& operation) const noexcept;
  [[nodiscard]] std::uint64_t hash_of(datagram_awaiter const& operation) const noexcept;
  [[nodiscard]] queue& queue_of(std::uint64_t hash) const noexcept { return queues_[hash & (queue_count_ - 1)]; }
  [[nodiscard]] datagram_awaiter* first_like(datagram_awaiter const& operation, std::uint64_t hash) const noexcept;
  void set_apart(datagram_awaiter& operation, std::uint64_t hash) noexcept;
  void add_queues() noexcept;
  void go_on_with_held() noexcept;
  /// Continues `operation`, unless it has continued before and waits for room.
  static void begin(datagram_awaiter& operation) noexcept;

  std::size_t count_ = 0;
  std::size_t apart_ = 0;
  // Sends that have receivers of their own, before the first that has none, by hash of the receiver.
  queue only_queue_;
  queue* queues_ = &only_queue_;
  std::size_t queue_count_ = 1;  // a power of two
  std::unique_ptr<queue[]> many_queues_;
  queue held_;  // the first send without a receiver of its own, and all after it
  std::uint64_t const seed_;
};

}  // namespace strait::detail
