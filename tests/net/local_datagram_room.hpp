// What tests of local datagram sockets without room share.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "local_sockets.hpp"

namespace strait::test {

/// A datagram that contains its number.
inline std::string numbered(int number) { return fmt::format("{:06}", number); }

inline task<int> receive_number(local::socket& on) {
  char buffer[16];
  auto const got = co_await on.recv(buffer);
  co_return std::atoi(std::string(buffer, got.size).c_str());
}

/// Sends to `at` from another socket until the queue is full. Returns the number of datagrams sent.
inline int fill(local::endpoint const& at) {
  auto const sender = raw_connect(at, SOCK_DGRAM | SOCK_NONBLOCK);
  int sent = 0;
  while (::send(sender.get(), "filler", 6, MSG_NOSIGNAL) == 6) ++sent;
  return sent;
}

/// Receives all datagrams in the queue.
inline task<std::vector<std::string>> drain(local::socket& on) {
  std::vector<std::string> all;
  char buffer[64];
  for (;;) {
    auto const got = ::recv(on.native_handle(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0) co_return all;
    all.emplace_back(buffer, static_cast<std::size_t>(got));
  }
}

/// Cancels after all tasks that started before have begun to wait.
inline task<> cancel_soon(cancel_scope& scope) {
  for (int i = 0; i != 4; ++i) co_await yield();
  scope.cancel();
}

inline std::size_t fillers_in(std::vector<std::string> const& all) {
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), "filler"));
}

}  // namespace strait::test
