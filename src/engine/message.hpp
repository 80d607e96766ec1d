// message: one datagram of a batch, in the layout of recvmmsg(2) and sendmmsg(2).
#pragma once

#include <sys/socket.h>

namespace strait::engine {

#if defined(__linux__)
using message = mmsghdr;
#else
struct message {
  msghdr msg_hdr;
  unsigned msg_len;
};
#endif

/// Receive (or send) up to `count` messages. Return how many, at least one, or -1 with errno set.
int receive_messages(int descriptor, message* messages, unsigned count) noexcept;
int send_messages(int descriptor, message* messages, unsigned count) noexcept;

}  // namespace strait::engine
