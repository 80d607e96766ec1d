// A datagram of a batch, as the system calls for many of them take it, or would.
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

/// Receives (or sends) up to `count` messages, at least one. Gives how many, or -1 and errno.
int receive_messages(int descriptor, message* messages, unsigned count) noexcept;
int send_messages(int descriptor, message* messages, unsigned count) noexcept;

}  // namespace strait::engine
