// The name of a stream's peer, for messages.
#pragma once

#include <exception>
#include <string>

namespace strait::detail {

/// "127.0.0.1:5000", or "the stream" if it has no `remote_endpoint`.
template <class Stream>
std::string peer_name(Stream const& stream) {
  if constexpr (requires { stream.remote_endpoint().to_string(); }) {
    try {
      return stream.remote_endpoint().to_string();
    } catch (std::exception const&) {  // it is closed
    }
  }
  return "the stream";
}

}  // namespace strait::detail
