// Several datagrams by one system call; where there is no such call, by one call per datagram.
#include "engine/message.hpp"

#include <cerrno>

namespace strait::engine {

#if defined(__linux__)

int receive_messages(int descriptor, message* messages, unsigned count) noexcept {
  int received;
  do {
    received = ::recvmmsg(descriptor, messages, count, MSG_DONTWAIT, nullptr);
  } while (received < 0 && errno == EINTR);
  return received;
}

int send_messages(int descriptor, message* messages, unsigned count) noexcept {
  int sent;
  do {
    sent = ::sendmmsg(descriptor, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

#else

namespace {

// Like recvmmsg and sendmmsg: an error after the first message is returned by the next call.
template <class Move>
int move_messages(message* messages, unsigned count, Move move) noexcept {
  unsigned moved = 0;
  while (moved != count) {
    auto const size = move(messages[moved].msg_hdr);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) break;
    messages[moved++].msg_len = static_cast<unsigned>(size);
  }
  return moved == 0 && count != 0 ? -1 : static_cast<int>(moved);
}

}  // namespace

int receive_messages(int descriptor, message* messages, unsigned count) noexcept {
  return move_messages(messages, count, [=](msghdr& each) { return ::recvmsg(descriptor, &each, MSG_DONTWAIT); });
}

int send_messages(int descriptor, message* messages, unsigned count) noexcept {
  return move_messages(messages, count,
                       [=](msghdr& each) { return ::sendmsg(descriptor, &each, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

#endif

}  // namespace strait::engine
