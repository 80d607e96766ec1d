// datagram_socket: what stands behind a public datagram socket.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "net/message_slots.hpp"
#include "net/socket_file.hpp"
#include "net/watched_socket.hpp"
#include "strait/core/detail/intrusive_list.hpp"
#include "strait/net/detail/datagram_awaiter.hpp"

namespace strait::detail {

/// A datagram socket, and who waits to receive and to send, in the order in which they came.
class datagram_socket final : public watched_socket {
 public:
  explicit datagram_socket(bool is_local) noexcept : is_local_(is_local) {}
  /// Closes; operations under way end.
  ~datagram_socket();

  [[nodiscard]] bool admits(datagram_awaiter const&, loop_core const& loop) const noexcept { return loop_ == &loop; }
  void admit(datagram_awaiter const&, loop_core& loop) {
    watch(loop, "release() it on the first and make a new socket of the descriptor on the other");
  }
  [[nodiscard]] bool is_free_for(datagram_awaiter const& operation) noexcept {
    return operation.ends_if_full_ || line_of(operation).empty();
  }
  void occupy(datagram_awaiter& operation) noexcept { line_of(operation).push_back(operation); }
  void vacate(datagram_awaiter& operation) noexcept {
    operation.unlink();
    if (auto* const next = line_of(operation).front()) next->go_on();
  }

  [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }
  void set_connected(bool now) noexcept { is_connected_ = now; }
  /// Of a descriptor that was made elsewhere.
  void note_whether_connected(int descriptor) noexcept;
  /// Removes `file` in the end, unless it is released.
  void own_file(std::unique_ptr<socket_file> file) noexcept { file_ = std::move(file); }
  /// Whether a send that finds no room is not told when there is some: unix(7) sockets look at the one peer that they
  /// are connected to, if any.
  [[nodiscard]] bool must_poll_for_room() const noexcept { return is_local_ && !is_connected_; }

  [[nodiscard]] bool has_receive_offload() const noexcept { return has_receive_offload_; }
  void set_receive_offload() noexcept { has_receive_offload_ = true; }

  /// Datagrams of up to so many bytes may be handed to the system as one, for it to divide.
  [[nodiscard]] std::size_t longest_segment() const noexcept { return is_local_ ? 0 : longest_segment_; }
  void limit_segments(std::size_t longest) noexcept { longest_segment_ = longest; }

  /// Throws `std::bad_alloc`.
  void make_send_slots() {
    if (!send_slots_) send_slots_ = std::make_unique<detail::send_slots>();
  }
  [[nodiscard]] detail::send_slots& send_slots() noexcept { return *send_slots_; }

  [[nodiscard]] int release() noexcept {
    if (file_) file_->keep();
    return watched_socket::release();
  }

  /// For messages: "127.0.0.1:5000".
  [[nodiscard]] std::string local_name() const;
  [[nodiscard]] std::string peer_name() const;

 private:
  using line = intrusive_list<datagram_awaiter>;
  [[nodiscard]] line& line_of(datagram_awaiter const& operation) noexcept {
    return operation.is_output() ? senders_ : receivers_;
  }
  [[nodiscard]] std::string name() const override;

  bool const is_local_;
  bool is_connected_ = false;
  bool has_receive_offload_ = false;
  line receivers_;
  line senders_;
  std::size_t longest_segment_ = send_slots::supports_segments ? most_datagram_bytes : 0;
  std::unique_ptr<detail::send_slots> send_slots_;
  std::unique_ptr<socket_file> file_;
};

}  // namespace strait::detail
