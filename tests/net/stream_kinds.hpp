// Connected streams of both kinds, for tests of what they have in common.
#pragma once

#include <concepts>
#include <string>
#include <utility>

#include "sockets.hpp"

namespace strait::test {

/// A stream of this kind and its peer.
template <class Stream>
std::pair<Stream, raw_socket> connected() {
  if constexpr (std::same_as<Stream, tcp::stream>) {
    return stream_and_peer();
  } else {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail_with_errno("socketpair");
    raw_socket peer(ends[1]);
    return {Stream(ends[0]), std::move(peer)};
  }
}

/// The name of the peer as it appears in error messages.
template <class Stream>
std::string name_of_peer(Stream const& stream) {
  return stream.remote_endpoint().to_string();
}

}  // namespace strait::test
