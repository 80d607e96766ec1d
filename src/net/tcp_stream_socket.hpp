// tcp_stream_socket: the object behind a tcp::stream.
#pragma once

#include <string>

#include "net/stream_socket.hpp"
#include "strait/net/tcp.hpp"

namespace strait::detail {

/// A TCP connection, which stores the address of its peer.
class tcp_stream_socket final : public stream_socket {
 public:
  explicit tcp_stream_socket(endpoint const& peer) noexcept : peer_(peer) {}

  /// Creates a stream of the connection with `peer` from its descriptor, of which it takes ownership.
  [[nodiscard]] static tcp::stream make_stream(unique_descriptor descriptor, endpoint const& peer);

  [[nodiscard]] endpoint const& peer() const noexcept { return peer_; }
  [[nodiscard]] std::string peer_name() const override { return peer_.to_string(); }

 private:
  endpoint peer_;
};

}  // namespace strait::detail
