// basic_channel: the implementation of channel and cross_loop_channel, which differ in their lock.
#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "strait/base/error.hpp"
#include "strait/core/detail/ring_buffer.hpp"
#include "strait/core/detail/wait_queue.hpp"
#include "strait/core/task.hpp"

namespace strait {

template <class T, class Sync, class Held>
class channel_send_operation;
template <class T, class Sync>
class channel_receive_operation;
template <class T, class Sync>
class basic_channel;

namespace detail {

/// A waiting sender. `Sync` is `one_loop` (channel.hpp) or `many_loops` (cross_loop_channel.hpp).
template <class T, class Sync>
class channel_sender : public Sync::waiter {
 protected:
  using typename Sync::waiter::outcome;
  explicit channel_sender(basic_channel<T, Sync>& to) noexcept : Sync::waiter(to.senders_, to.sync_), channel_(to) {}
  ~channel_sender() = default;

  T* value_ = nullptr;

 private:
  friend class basic_channel<T, Sync>;
  outcome take_at_once() noexcept final { return channel_.offer(*value_); }
  basic_channel<T, Sync>& channel_;
};

/// `Held` is `T&`, for a value that stays with the caller until it is sent, or `T`, for a copy.
template <class T, class Sync, class Held>
class channel_send_awaiter final : public channel_sender<T, Sync> {
 public:
  channel_send_awaiter(basic_channel<T, Sync>& to, Held&& held) noexcept
      : channel_sender<T, Sync>(to), held_(static_cast<Held&&>(held)) {
    this->value_ = &held_;
  }
  // In the most derived class, because another thread may take `held_` until the waiter has left the queue.
  ~channel_send_awaiter() {
    if (this->is_waiting()) this->drop([] {});
  }
  void await_resume() const { this->check("send on a channel"); }

 private:
  Held held_;
};

/// A waiting receiver.
template <class T, class Sync>
class channel_receive_awaiter final : public Sync::waiter {
 public:
  using typename Sync::waiter::outcome;
  explicit channel_receive_awaiter(basic_channel<T, Sync>& from) noexcept
      : Sync::waiter(from.receivers_, from.sync_), channel_(from) {}
  ~channel_receive_awaiter() {
    if (!this->is_waiting()) return;
    auto const give_back = [this] {
      if (value_) channel_.put_back(*value_);
    };
    this->drop(give_back);
  }
  std::optional<T> await_resume() {
    if (this->outcome_ == outcome::canceled) throw canceled();
    return std::move(value_);
  }

 private:
  friend class basic_channel<T, Sync>;
  outcome take_at_once() noexcept override { return channel_.take(value_); }
  basic_channel<T, Sync>& channel_;
  std::optional<T> value_;
};

}  // namespace detail

/// The members that `channel` and `cross_loop_channel` have in common. `Sync` is the lock.
template <class T, class Sync>
class basic_channel {
  static_assert(std::is_object_v<T> && !std::is_const_v<T> && !std::is_array_v<T>,
                "strait: the element type of a channel must be a non-const object type, for example channel<int>");
  static_assert(
      !std::is_object_v<T> || std::is_array_v<T> || std::is_nothrow_move_constructible_v<T>,
      "strait: the element type of a channel must be nothrow move constructible, because other tasks move the "
      "elements: make its move constructor noexcept, or use a channel of std::unique_ptr");

 public:
  /// Allocates memory for `capacity` values. Throws `std::bad_alloc`.
  explicit basic_channel(std::size_t capacity) : capacity_(capacity), values_(capacity) {}
  basic_channel(basic_channel const&) = delete;
  basic_channel& operator=(basic_channel const&) = delete;
  /// Ends the waiting operations as `close` does.
  ~basic_channel() {
    hold const lock(sync_);
    senders_.close();
    receivers_.close();
  }

  /// `co_await c.send(value)` waits while the channel is full, and completes when the value is in the channel; with
  /// capacity 0, when a receiver has taken it. `value` is moved from only on completion, so after cancellation or an
  /// error it is unchanged; it must live until then, as it does in one expression with the co_await. Throws `error`
  /// with `errc::closed` if the channel is or becomes closed.
  channel_send_operation<T, Sync, T&> send(T&& value) noexcept { return {*this, value}; }
  /// The same with a copy of `value`, which is made immediately.
  channel_send_operation<T, Sync, T> send(T const& value)
    requires std::is_copy_constructible_v<T>
  {
    return {*this, T(value)};
  }

  /// `co_await c.receive()` waits for the next value and returns it. Returns an empty optional when the channel is
  /// closed and all its values have been received.
  channel_receive_operation<T, Sync> receive() noexcept { return channel_receive_operation<T, Sync>(*this); }

  /// Sends without waiting. Returns false, and leaves `value` unchanged, if the channel is full (with capacity 0: if no
  /// receiver waits) or closed.
  [[nodiscard]] bool try_send(T&& value) noexcept {
    hold const lock(sync_);
    return offer(value) == detail::waiter::outcome::served;
  }
  /// The same with a copy of `value`.
  [[nodiscard]] bool try_send(T const& value)
    requires std::is_copy_constructible_v<T>
  {
    return try_send(T(value));
  }

  /// Receives without waiting. Returns an empty optional if there is no value.
  [[nodiscard]] std::optional<T> try_receive() noexcept {
    std::optional<T> value;
    hold const lock(sync_);
    take(value);
    return value;
  }

  /// Closes the channel for sending: waiting and later send operations end with `errc::closed`, and their values are
  /// unchanged. Values in the channel can still be received.
  void close() noexcept {
    hold const lock(sync_);
    is_closed_ = true;
    senders_.end_all(detail::waiter::outcome::closed);
    receivers_.end_all(detail::waiter::outcome::closed);
  }
  /// Whether `close` has been called.
  [[nodiscard]] bool is_closed() const noexcept {
    hold const lock(sync_);
    return is_closed_;
  }

  /// The number of values in the channel, not counting those of waiting senders.
  [[nodiscard]] std::size_t size() const noexcept {
    hold const lock(sync_);
    return values_.size();
  }
  /// The capacity that the channel was constructed with.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  friend class detail::channel_sender<T, Sync>;
  friend class detail::channel_receive_awaiter<T, Sync>;
  using outcome = detail::waiter::outcome;

  class hold {
   public:
    explicit hold(Sync& what) noexcept : what_(what) { what_.lock(); }
    hold(hold const&) = delete;
    hold& operator=(hold const&) = delete;
    ~hold() { what_.unlock(); }

   private:
    Sync& what_;
  };

  [[nodiscard]] detail::channel_receive_awaiter<T, Sync>* first_receiver() const noexcept {
    return static_cast<detail::channel_receive_awaiter<T, Sync>*>(receivers_.front());
  }
  [[nodiscard]] detail::channel_sender<T, Sync>* first_sender() const noexcept {
    return static_cast<detail::channel_sender<T, Sync>*>(senders_.front());
  }

  // Invariants of `offer` and `take`: a receiver waits only while no value is queued and no sender waits; a sender
  // waits only while the queue is full and no receiver waits.
  outcome offer(T& value) noexcept {
    if (is_closed_) return outcome::closed;
    if (auto* const receiver = first_receiver()) hand_over(value, *receiver);
    else if (values_.size() < capacity_) values_.push_back(std::move(value));
    else return outcome::none;
    return outcome::served;
  }

  outcome take(std::optional<T>& to) noexcept {
    if (!values_.empty()) {
      to.emplace(std::move(values_.front()));
      values_.pop_front();
      if (auto* const sender = first_sender(); sender && values_.size() < capacity_) {
        values_.push_back(std::move(*sender->value_));
        senders_.end(*sender, outcome::served);
      }
    } else if (auto* const sender = first_sender()) {
      to.emplace(std::move(*sender->value_));
      senders_.end(*sender, outcome::served);
    } else {
      return is_closed_ ? outcome::closed : outcome::none;
    }
    return outcome::served;
  }

  void hand_over(T& value, detail::channel_receive_awaiter<T, Sync>& to) noexcept {
    to.value_.emplace(std::move(value));
    receivers_.end(to, outcome::served);
  }

  /// Called if a receiver is destroyed after it was served but before it resumed. Passes its value to the next
  /// receiver; if there is none, puts it back at the front of the queue, which may then exceed its capacity by one.
  /// (The value is lost only if there is no memory for that.)
  void put_back(T& value) noexcept {
    if (auto* const receiver = first_receiver()) hand_over(value, *receiver);
    else static_cast<void>(values_.push_front(std::move(value)));
  }

  std::size_t const capacity_;
  detail::ring_buffer<T> values_;
  detail::wait_queue senders_;
  detail::wait_queue receivers_;
  bool is_closed_ = false;
  [[no_unique_address]] mutable Sync sync_;
};

/// Returned by `channel::send`; await it once.
template <class T, class Sync, class Held>
class [[nodiscard("co_await it")]] channel_send_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = void;
  /// Called by `channel::send`.
  channel_send_operation(basic_channel<T, Sync>& to, Held&& held) noexcept
      : channel_(to), held_(static_cast<Held&&>(held)) {}
  /// Starts the operation.
  detail::channel_send_awaiter<T, Sync, Held> operator co_await() && noexcept {
    return {channel_, static_cast<Held&&>(held_)};
  }

 private:
  basic_channel<T, Sync>& channel_;
  Held held_;
};

/// Returned by `channel::receive`; await it.
template <class T, class Sync>
class [[nodiscard("co_await it")]] channel_receive_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = std::optional<T>;
  /// Called by `channel::receive`.
  explicit channel_receive_operation(basic_channel<T, Sync>& from) noexcept : channel_(from) {}
  /// Starts the operation.
  detail::channel_receive_awaiter<T, Sync> operator co_await() const noexcept {
    return detail::channel_receive_awaiter<T, Sync>(channel_);
  }

 private:
  basic_channel<T, Sync>& channel_;
};

}  // namespace strait
