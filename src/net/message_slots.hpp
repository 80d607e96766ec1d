// The arrays for the system calls that transfer several datagrams (recvmmsg, sendmmsg).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "engine/message.hpp"
#include "strait/base/buffer.hpp"

#if defined(__linux__)
#include <netinet/udp.h>
#endif

namespace strait::detail {

/// The maximum payload of a UDP datagram, for both IP versions.
inline constexpr std::size_t max_datagram_bytes = 65'535 - 40 - 8;

/// Room for an address of any family.
struct address_slot {
  alignas(8) unsigned char bytes[sizeof(sockaddr_un)];
};

/// Ancillary data of a message, see cmsg(3).
struct control_slot {
  alignas(cmsghdr) unsigned char bytes[CMSG_SPACE(sizeof(int))];
};

/// Datagrams to be sent, as separate messages or joined into messages that the kernel segments.
class send_slots {
 public:
#if defined(UDP_SEGMENT)
  static constexpr bool supports_segments = true;
#else
  static constexpr bool supports_segments = false;
#endif
  static constexpr std::size_t max_messages = 64;
  static constexpr std::size_t max_datagrams = 512;

  std::size_t references = 0;  // of `shared_send_slots`

  /// Clears the slots. Datagrams of up to `longest_segment` bytes may be joined.
  void clear(std::size_t longest_segment) noexcept {
    messages_used_ = datagrams_used_ = 0;
    longest_segment_ = longest_segment;
    last_is_closed_ = true;
  }
  [[nodiscard]] bool is_full() const noexcept {
    return messages_used_ == max_messages || datagrams_used_ == max_datagrams;
  }
  /// The memory for the address of the next message.
  [[nodiscard]] unsigned char* next_address() noexcept { return addresses_[messages_used_].bytes; }
  /// Adds a message with one datagram, to the address of `address_size` bytes in `next_address()`; 0 if the socket is
  /// connected.
  void add(const_buffer bytes, std::size_t address_size) noexcept {
    vectors_[datagrams_used_] = {const_cast<void*>(bytes.data()), bytes.size()};
    msghdr& header = messages_[messages_used_].msg_hdr;
    header.msg_name = address_size != 0 ? next_address() : nullptr;
    header.msg_namelen = static_cast<socklen_t>(address_size);
    header.msg_iov = &vectors_[datagrams_used_];
    header.msg_iovlen = 1;
    header.msg_control = nullptr;
    header.msg_controllen = 0;
    ++messages_used_;
    ++datagrams_used_;
    bytes_in_last_ = bytes.size();
    last_is_closed_ = bytes.empty();
  }
  /// Whether `bytes`, if they have the same destination, can join the last message: all segments of a message have the
  /// same size, except that the last one may be shorter.
  [[nodiscard]] bool can_join(const_buffer bytes) const noexcept {
    if (longest_segment_ == 0 || last_is_closed_) return false;
    msghdr const& header = messages_[messages_used_ - 1].msg_hdr;
    auto const segment = header.msg_iov->iov_len;
    return segment <= longest_segment_ && !bytes.empty() && bytes.size() <= segment &&
           header.msg_iovlen < max_segments && bytes_in_last_ + bytes.size() <= max_datagram_bytes;
  }
  void join(const_buffer bytes) noexcept;

  /// The messages to send.
  [[nodiscard]] const_buffer messages() noexcept;
  /// The number of datagrams in the first `messages`.
  [[nodiscard]] std::size_t datagrams_in(std::size_t messages) const noexcept;
  [[nodiscard]] std::size_t segment_size_of_first() const noexcept { return vectors_[0].iov_len; }

 private:
  // linux/udp.h: UDP_MAX_SEGMENTS; newer kernels allow more.
  static constexpr std::size_t max_segments = 64;
  void mark_segments(std::size_t index) noexcept;

  std::size_t messages_used_ = 0;
  std::size_t datagrams_used_ = 0;
  std::size_t longest_segment_ = 0;
  std::size_t bytes_in_last_ = 0;
  bool last_is_closed_ = true;  // nothing can join: its last segment is shorter, or there is no message yet
  std::array<engine::message, max_messages> messages_{};
  std::array<iovec, max_datagrams> vectors_;
  std::array<address_slot, max_messages> addresses_;
  std::array<control_slot, max_messages> controls_;
};

/// Memory for received datagrams: one per message or, with receive offload, as many as the kernel coalesces.
class receive_slots {
 public:
  // The maximum number of datagrams that the kernel coalesces: linux/udp.h, UDP_MAX_SEGMENTS, since Linux 6.9.
  static constexpr std::size_t max_joined = 128;

  receive_slots(std::size_t count, std::size_t max_datagram_size);

  [[nodiscard]] std::size_t count() const noexcept { return messages_.size(); }
  /// Allocates memory for coalesced messages, if not done before.
  void make_room_for_offload();
  [[nodiscard]] bool has_room_for_offload() const noexcept { return !controls_.empty(); }
  /// Called before each attempt: makes all of the memory available.
  [[nodiscard]] const_buffer prepare() noexcept;

  /// Swaps two received messages.
  void swap(std::size_t one, std::size_t other) noexcept { std::swap(messages_[one], messages_[other]); }

  /// A received message.
  struct received_message {
    char const* bytes;
    std::size_t size;
    std::size_t segment;  // the size of each datagram in it; the last one may be shorter
    void const* address;
    std::size_t address_size;
    bool truncated;
  };
  [[nodiscard]] received_message operator[](std::size_t index) const noexcept {
    auto const& message = messages_[index];
    return {static_cast<char const*>(message.msg_hdr.msg_iov->iov_base),
            message.msg_len,
            has_room_for_offload() ? segment_size(index) : message.msg_len,
            message.msg_hdr.msg_name,
            message.msg_hdr.msg_namelen,
            (message.msg_hdr.msg_flags & MSG_TRUNC) != 0};
  }

 private:
  void point_messages() noexcept;
  [[nodiscard]] std::size_t segment_size(std::size_t index) const noexcept;

  std::size_t max_datagram_size_;
  std::unique_ptr<char[]> memory_;
  std::vector<engine::message> messages_;
  std::vector<iovec> vectors_;
  std::vector<address_slot> addresses_;
  std::vector<control_slot> controls_;
};

}  // namespace strait::detail
