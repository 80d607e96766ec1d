// The part of datagram operations that does not depend on the type of addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "strait/base/buffer.hpp"
#include "strait/base/export.hpp"
#include "strait/core/detail/intrusive_list.hpp"
#include "strait/core/detail/io_operation.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/net/detail/socket_awaiter.hpp"

namespace strait::engine {

class socket;

}  // namespace strait::engine

namespace strait::detail {

class datagram_socket;
class receive_slots;
class send_slots;
class send_queues;
template <class Endpoint>
class recv_batch_awaiter;

class STRAIT_API datagram_awaiter : public socket_awaiter<datagram_awaiter, datagram_operation>,
                                    public list_hook<datagram_awaiter> {
 public:
  /// The operations before this one have finished. Continues if it waited for them.
  void go_on() noexcept;
  /// The socket has been connected to another peer, or disconnected: what a send waits for may never happen. Tries
  /// again.
  void try_again(engine::socket& watched) noexcept;
  /// Whether a receive drops datagrams from senders other than the peer from now on.
  void receive_from_peer_only(bool on, engine::socket* watched) noexcept;
  /// The socket, whose engine side is `watched`, is about to be closed.
  void close(engine::socket* watched) noexcept;

 protected:
  datagram_awaiter(kind what, datagram_socket* socket, const_buffer buffer = {}) noexcept
      : socket_awaiter(what, buffer), socket_(socket) {}
  datagram_awaiter(kind what, datagram_socket* socket, const_buffers buffers) noexcept
      : socket_awaiter(what), socket_(socket) {
    more_ = buffers;
  }
  ~datagram_awaiter() {
    if (is_waiting()) [[unlikely]]
      drop();
  }

  /// Throws if there is no result.
  void check() const {
    if (error_ != 0) [[unlikely]]
      fail();
  }

  /// recv: records the name of the sender, though the caller did not ask for it. recvfrom: restores the full size of
  /// the buffer for the name.
  virtual void make_room_for_name() noexcept {}
  /// Drops datagrams from senders other than the peer. Returns false if none is left, and the next attempt may be made.
  [[nodiscard]] virtual bool keep_those_from_peer() noexcept;
  [[nodiscard]] bool is_peer(void const* name, std::size_t size) const noexcept;

  datagram_socket* socket_;

 private:
  friend class socket_awaiter<datagram_awaiter, datagram_operation>;
  friend class datagram_socket;
  friend class send_queues;
  friend class send_batch_operation;

  /// It is queued only behind sends to the same receiver.
  [[nodiscard]] bool has_receiver_of_its_own() const noexcept { return ends_if_full_ && name_; }
  void recalled() noexcept { waits_for_room_ = false; }
  /// Fails if there are more buffers than a datagram may have.
  [[nodiscard]] bool is_done_already() noexcept;
  void prepare() noexcept;
  progress take_in(loop_core& loop) noexcept;
  progress take_in_failure() noexcept;
  progress take_in_from_peer() noexcept;
  progress wait_for_room() noexcept;
  [[nodiscard]] char const* operation_name() const noexcept;
  [[noreturn]] void fail() const;

  bool from_peer_only_ = false;
  bool notes_sender_ = false;    // `name_` is set only because of `from_peer_only_`
  bool is_apart_ = false;        // set by `send_queues`: it is queued by its receiver
  bool waits_for_room_ = false;  // waits until `retry_at_`
  unsigned char wait_ = 0;       // milliseconds, grows with each attempt that finds no room
  std::uint64_t hash_;           // of the receiver, if `is_apart_`
  clock::time_point retry_at_;
};

/// A reference-counted pointer to a socket's `send_slots`, which its operations share: the socket may be closed before
/// their results are processed.
class STRAIT_API shared_send_slots {
 public:
  /// Null.
  shared_send_slots() noexcept = default;
  /// Creates slots. Throws `std::bad_alloc`.
  [[nodiscard]] static shared_send_slots make();
  shared_send_slots(shared_send_slots const& other) noexcept;
  shared_send_slots& operator=(shared_send_slots other) noexcept;
  ~shared_send_slots();

  explicit operator bool() const noexcept { return slots_ != nullptr; }
  [[nodiscard]] send_slots& operator*() const noexcept { return *slots_; }
  [[nodiscard]] send_slots* operator->() const noexcept { return slots_; }

 private:
  send_slots* slots_ = nullptr;
};

/// A `send_batch`, which takes as many attempts as necessary.
class STRAIT_API send_batch_operation : public datagram_awaiter {
 protected:
  send_batch_operation(datagram_socket* socket, std::size_t count);

  /// The number of datagrams sent.
  [[nodiscard]] std::size_t sent() const noexcept { return sent_; }
  /// Fills `slots` with the datagrams in [first, last), until there is no more room.
  virtual void fill(send_slots& slots, std::size_t first, std::size_t last) const noexcept = 0;
  /// The destination of a datagram, for error messages.
  [[nodiscard]] virtual std::string destination(std::size_t index) const = 0;

 private:
  friend class datagram_awaiter;
  void refill() noexcept;
  progress take_in_batch() noexcept;
  void take_in_sent() noexcept;
  void skip_refused() noexcept;

  shared_send_slots slots_;
  std::size_t count_;
  std::size_t next_ = 0;  // the first that is neither sent nor rejected
  std::size_t sent_ = 0;
  std::size_t first_refused_ = 0;
  int first_error_ = 0;
  std::size_t longest_refused_ = 0;  // bytes; the next datagram was rejected together with those joined to it
};

}  // namespace strait::detail
