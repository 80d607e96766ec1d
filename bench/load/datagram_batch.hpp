// Many datagrams per system call, on connected UDP sockets; the arrays for the calls are prepared once.
#pragma once

#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <vector>

#include "socket_call.hpp"

// Datagrams to be sent. Each consists of a sequence number and a body, which is not copied.
class outgoing_batch {
 public:
  explicit outgoing_batch(std::size_t capacity) : sequences_(capacity), pieces_(2 * capacity), messages_(capacity) {
    for (std::size_t i = 0; i < capacity; ++i) {
      pieces_[2 * i] = {&sequences_[i], sizeof sequences_[i]};
      messages_[i].msg_hdr.msg_iov = &pieces_[2 * i];
      messages_[i].msg_hdr.msg_iovlen = 2;
    }
  }

  void add(std::uint64_t sequence, std::span<char const> body) {
    sequences_[size_] = sequence;
    pieces_[2 * size_ + 1] = {const_cast<char*>(body.data()), body.size()};  // sendmsg(2) does not write to it
    ++size_;
  }

  // Sends them as separate datagrams. Those that the socket does not accept count as lost.
  void send(int fd) {
    if (size_ == 0) return;
    expect_sent_or_full(sendmmsg(fd, messages_.data(), static_cast<unsigned>(size_), MSG_NOSIGNAL));
    size_ = 0;
  }

  // Sends them as one large datagram, which the kernel segments since the socket has UDP_SEGMENT set.
  void send_joined(int fd) {
    if (size_ == 0) return;
    msghdr message{};
    message.msg_iov = pieces_.data();
    message.msg_iovlen = 2 * size_;
    expect_sent_or_full(sendmsg(fd, &message, MSG_NOSIGNAL));
    size_ = 0;
  }

 private:
  static void expect_sent_or_full(ssize_t result) {
    if (result < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)) return;
    check(result, "send");
  }

  std::vector<std::uint64_t> sequences_;
  std::vector<iovec> pieces_;
  std::vector<mmsghdr> messages_;
  std::size_t size_ = 0;
};

// Room for a number of received messages. Each is one datagram or, on a socket with UDP_GRO, several of equal size that
// the kernel has coalesced.
class incoming_batch {
 public:
  incoming_batch(std::size_t capacity, std::size_t room)
      : room_(room), bytes_(capacity * room), pieces_(capacity), controls_(capacity), messages_(capacity) {
    for (std::size_t i = 0; i < capacity; ++i) {
      pieces_[i] = {&bytes_[i * room], room};
      messages_[i].msg_hdr.msg_iov = &pieces_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_control = controls_[i].bytes;
    }
  }

  // Receives as many waiting messages as there is room for.
  void receive(int fd) {
    for (auto& one : messages_) one.msg_hdr.msg_controllen = sizeof(control);
    int const count = recvmmsg(fd, messages_.data(), static_cast<unsigned>(messages_.size()), MSG_DONTWAIT, nullptr);
    bool const is_empty = count < 0 && (errno == EAGAIN || errno == EINTR);
    size_ = is_empty ? 0 : static_cast<std::size_t>(check(count, "recvmmsg"));
  }

  // Calls `each` with the bytes of every received datagram.
  template <class Each>
  void for_each(Each each) const {
    for (std::size_t i = 0; i < size_; ++i) {
      if (messages_[i].msg_hdr.msg_flags & MSG_TRUNC)
        throw std::runtime_error("the server sent a datagram that is too long");
      auto rest = std::span(bytes_).subspan(i * room_, messages_[i].msg_len);
      auto const size = segment_size(messages_[i]);
      for (; rest.size() > size; rest = rest.subspan(size)) each(rest.first(size));
      each(rest);
    }
  }

 private:
  struct control {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
  };

  static std::size_t segment_size(mmsghdr const& message) {
    auto const* const header = CMSG_FIRSTHDR(&message.msg_hdr);
    if (header == nullptr || header->cmsg_level != IPPROTO_UDP || header->cmsg_type != UDP_GRO) return message.msg_len;
    int size = 0;
    std::memcpy(&size, CMSG_DATA(header), sizeof size);
    return static_cast<std::size_t>(size);
  }

  std::size_t room_;
  std::vector<char> bytes_;
  std::vector<iovec> pieces_;
  std::vector<control> controls_;
  std::vector<mmsghdr> messages_;
  std::size_t size_ = 0;
};
