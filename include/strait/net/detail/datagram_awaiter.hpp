// What the operations of datagram sockets have in common, whatever their addresses are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
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
class sender_lines;
template <class Endpoint>
class recv_batch_awaiter;

class STRAIT_API datagram_awaiter : public socket_awaiter<datagram_awaiter, datagram_operation>,
                                    public list_hook<datagram_awaiter> {
 public:
  /// Its turn has come, if it waits for that.
  void go_on() noexcept;
  /// The socket is connected to another peer, or to none: what a send waits for may not come any more.
  void try_again(engine::socket& watched) noexcept;
  /// From here on a receive drops what others than the peer have sent, or no longer.
  void receive_from_peer_only(bool on, engine::socket* watched) noexcept;
  /// The socket, which `watched` is, is about to be closed.
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

  /// recv: has the name of the sender noted, though it is not asked for. recvfrom: makes the whole room for it again.
  virtual void make_room_for_name() noexcept {}
  /// Drops what others than the peer have sent. False: nothing is left, and the next attempt may be made.
  [[nodiscard]] virtual bool keep_those_from_peer() noexcept;
  [[nodiscard]] bool is_peer(void const* name, std::size_t size) const noexcept;

  datagram_socket* socket_;

 private:
  friend class socket_awaiter<datagram_awaiter, datagram_operation>;
  friend class datagram_socket;
  friend class sender_lines;
  friend class send_batch_operation;

  /// It has a line with those only that send to the same receiver.
  [[nodiscard]] bool has_receiver_of_its_own() const noexcept { return ends_if_full_ && name_; }
  void recalled() noexcept { waits_for_room_ = false; }
  /// Too many buffers are not a datagram.
  [[nodiscard]] bool is_done_already() noexcept;
  void prepare() noexcept;
  progress take_in(loop_core& loop) noexcept;
  progress take_in_failure() noexcept;
  progress take_in_from_peer() noexcept;
  progress wait_for_room() noexcept;
  [[nodiscard]] char const* operation_name() const noexcept;
  [[noreturn]] void fail() const;

  bool from_peer_only_ = false;
  bool notes_sender_ = false;    // `name_` is there for `from_peer_only_` alone
  bool is_apart_ = false;        // what its `sender_lines` has done with it
  bool waits_for_room_ = false;  // set aside until `retry_at_`
  unsigned char wait_ = 0;       // milliseconds, when it has found no room
  std::uint64_t hash_;           // of the receiver, if it is apart
  clock::time_point retry_at_;
};

/// A `send_batch`: as many attempts as it takes.
class STRAIT_API send_batch_operation : public datagram_awaiter {
 protected:
  send_batch_operation(datagram_socket* socket, std::size_t count);

  /// How many were sent.
  [[nodiscard]] std::size_t sent() const noexcept { return sent_; }
  /// Makes messages of the datagrams in [first, last), until there is no more room.
  virtual void fill(send_slots& slots, std::size_t first, std::size_t last) const noexcept = 0;
  /// Where one of them is to go, for messages.
  [[nodiscard]] virtual std::string destination(std::size_t index) const = 0;

 private:
  friend class datagram_awaiter;
  void refill() noexcept;
  progress take_in_batch() noexcept;
  void take_in_sent() noexcept;
  void skip_refused() noexcept;

  std::shared_ptr<send_slots> slots_;  // the socket's, which may be closed before the result is taken in
  std::size_t count_;
  std::size_t next_ = 0;  // the first that is neither sent nor refused
  std::size_t sent_ = 0;
  std::size_t first_refused_ = 0;
  int first_error_ = 0;
  std::size_t longest_refused_ = 0;  // bytes; the next datagram was refused together with its neighbours
};

}  // namespace strait::detail
