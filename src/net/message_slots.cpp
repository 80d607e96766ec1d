// Filling and reading arrays of messages.
#include "net/message_slots.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace strait::detail {

void send_slots::join(const_buffer bytes) noexcept {
  msghdr& header = messages_[messages_used_ - 1].msg_hdr;
  vectors_[datagrams_used_++] = {const_cast<void*>(bytes.data()), bytes.size()};
  bytes_in_last_ += bytes.size();
  last_is_closed_ = bytes.size() < header.msg_iov->iov_len;
  if (++header.msg_iovlen == 2) mark_segments(messages_used_ - 1);
}

void send_slots::mark_segments([[maybe_unused]] std::size_t index) noexcept {
#if defined(UDP_SEGMENT)
  msghdr& header = messages_[index].msg_hdr;
  auto const size = static_cast<std::uint16_t>(header.msg_iov->iov_len);
  header.msg_control = controls_[index].bytes;
  header.msg_controllen = CMSG_SPACE(sizeof size);
  cmsghdr* const note = CMSG_FIRSTHDR(&header);
  note->cmsg_level = SOL_UDP;
  note->cmsg_type = UDP_SEGMENT;
  note->cmsg_len = CMSG_LEN(sizeof size);
  std::memcpy(CMSG_DATA(note), &size, sizeof size);
#endif
}

const_buffer send_slots::messages() noexcept { return {messages_.data(), messages_used_ * sizeof(engine::message)}; }

std::size_t send_slots::datagrams_in(std::size_t messages) const noexcept {
  std::size_t sum = 0;
  for (std::size_t i = 0; i != messages; ++i) sum += messages_[i].msg_hdr.msg_iovlen;
  return sum;
}

receive_slots::receive_slots(std::size_t count, std::size_t max_datagram_size)
    : max_datagram_size_(std::max<std::size_t>(max_datagram_size, 1)),
      memory_(new char[std::max<std::size_t>(count, 1) * max_datagram_size_]),
      messages_(std::max<std::size_t>(count, 1)),
      vectors_(messages_.size()),
      addresses_(messages_.size()) {
  point_messages();
}

void receive_slots::make_room_for_offload() {
  controls_.resize(messages_.size());
  max_datagram_size_ = 65'536;  // pages that are never written are not allocated
  memory_.reset(new char[messages_.size() * max_datagram_size_]);
  point_messages();
}

void receive_slots::point_messages() noexcept {
  for (std::size_t i = 0; i != messages_.size(); ++i) {
    vectors_[i] = {memory_.get() + i * max_datagram_size_, max_datagram_size_};
    msghdr& header = messages_[i].msg_hdr;
    header = {};
    header.msg_iov = &vectors_[i];
    header.msg_iovlen = 1;
    header.msg_name = addresses_[i].bytes;
    if (!controls_.empty()) header.msg_control = controls_[i].bytes;
  }
}

const_buffer receive_slots::prepare() noexcept {
  for (auto& each : messages_) {
    each.msg_hdr.msg_namelen = sizeof(address_slot);
    if (!controls_.empty()) each.msg_hdr.msg_controllen = sizeof(control_slot);
  }
  return {messages_.data(), messages_.size() * sizeof(engine::message)};
}

std::size_t receive_slots::segment_size(std::size_t index) const noexcept {
#if defined(UDP_GRO)
  msghdr const& header = messages_[index].msg_hdr;
  cmsghdr const* const note = CMSG_FIRSTHDR(&header);
  if (note && note->cmsg_level == SOL_UDP && note->cmsg_type == UDP_GRO) {
    int segment = 0;
    std::memcpy(&segment, CMSG_DATA(note), sizeof segment);
    if (segment > 0) return static_cast<std::size_t>(segment);
  }
#endif
  return messages_[index].msg_len;
}

}  // namespace strait::detail
