// datagram_socket: the object behind a public datagram socket.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/descriptor.hpp"
#include "net/message_slots.hpp"
#include "net/send_queues.hpp"
#include "net/socket_file.hpp"
#include "net/watched_socket.hpp"
#include "strait/base/chrono.hpp"
#include "strait/core/detail/intrusive_list.hpp"
#include "strait/core/detail/timer.hpp"
#include "strait/net/detail/datagram_awaiter.hpp"

namespace strait::detail {

/// A datagram socket with its waiting receives and sends, in the order in which they began.
class datagram_socket final : private socket_file_owner, public watched_socket {
 public:
  explicit datagram_socket(bool is_local) noexcept : has_rules_(is_local), is_local_(is_local) {}
  /// Closes the socket; operations in progress end.
  ~datagram_socket();

  [[nodiscard]] bool admits(datagram_awaiter const&, loop_core const& loop) const noexcept {
    return loop_ == &loop && !has_rules_;
  }
  void admit(datagram_awaiter& operation, loop_core& loop);
  /// Whether `operation` need not wait for others.
  [[nodiscard]] bool is_free_for(datagram_awaiter const& operation) noexcept {
    return operation.is_output() ? senders_.is_free_for(operation) : receivers_.empty();
  }
  void occupy(datagram_awaiter& operation) noexcept {
    if (operation.is_output()) senders_.push_back(operation);
    else receivers_.push_back(operation);
  }
  void vacate(datagram_awaiter& operation) noexcept {
    if (operation.is_output()) {
      senders_.remove(operation);
      return;
    }
    operation.unlink();
    if (auto* const next = receivers_.front()) [[unlikely]]
      next->go_on();
  }

  [[nodiscard]] bool is_connected() const noexcept { return !peer_.empty(); }
  /// The socket has been connected to `peer`; `address` is the same in the form of the system calls.
  void connected_to(std::string peer, void const* address, std::size_t size) noexcept;
  void disconnected() noexcept;
  /// Whether a datagram is from the peer that the socket is connected to. `name` is the sender as reported by the
  /// kernel.
  [[nodiscard]] bool is_peer(void const* name, std::size_t size) const noexcept;
  /// Determines whether an adopted descriptor is connected.
  void note_whether_connected(int descriptor);
  /// Removes `file` when the socket is closed, unless the descriptor is released.
  void own_file(std::unique_ptr<socket_file> file) noexcept { file_ = std::move(file); }
  /// Makes a send that found no room try again after a delay that grows with each failed attempt.
  void poll_for_room(datagram_awaiter& operation) noexcept;

  [[nodiscard]] bool has_receive_offload() const noexcept { return has_receive_offload_; }
  void set_receive_offload() noexcept { has_rules_ = has_receive_offload_ = true; }

  /// Datagrams of up to this many bytes may be joined into one message, which the kernel segments.
  [[nodiscard]] std::size_t longest_segment() const noexcept { return longest_segment_; }
  void limit_segments(std::size_t longest) noexcept {
    longest_segment_ = detail::send_slots::supports_segments ? longest : 0;
  }

  /// Created on first use. Throws `std::bad_alloc`.
  [[nodiscard]] shared_send_slots const& send_slots() {
    if (!send_slots_) send_slots_ = shared_send_slots::make();
    return send_slots_;
  }

  [[nodiscard]] int release() noexcept {
    if (file_) file_->keep();
    return watched_socket::release();
  }

  /// For messages: "127.0.0.1:5000".
  [[nodiscard]] std::string local_name() const;
  [[nodiscard]] std::string peer_name() const { return is_connected() ? peer_ : "(not connected)"; }

 private:
  /// The peer has changed: notifies the operations that wait.
  void peer_changed() noexcept;
  void note_peer_name(int descriptor) noexcept;
  void look_for_room_at(clock::time_point when) noexcept;
  class room_poll final : public timer {
   public:
    explicit room_poll(datagram_socket& of) noexcept : of_(of) {}

   private:
    void expired() noexcept override;
    datagram_socket& of_;
  };
  void loop_ended() noexcept override;
  [[nodiscard]] std::string name() const override;

  bool has_rules_;  // `admit` must check operations
  bool const is_local_;
  bool has_receive_offload_ = false;
  intrusive_list<datagram_awaiter> receivers_;
  send_queues senders_;
  std::size_t longest_segment_ = 0;
  shared_send_slots send_slots_;
  room_poll poll_{*this};
  std::string peer_;  // empty if not connected
  // The peer's address as the kernel reports it and as it was passed to connect: with address translation, datagrams
  // may come from either. Empty if not connected.
  std::array<socket_name, 2> peer_names_{socket_name{{}, 0}, socket_name{{}, 0}};
};

/// Clears the pending error of datagrams that were sent earlier.
void forget_error(int descriptor) noexcept;

/// When a socket is disconnected, Linux releases a port that the kernel chose. Binds the socket to it again.
void keep_port(int descriptor, endpoint const& before, std::string_view context);
inline void keep_port(int, local::endpoint const&, std::string_view) noexcept {}

}  // namespace strait::detail
