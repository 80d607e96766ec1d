// local_stream_socket: the object behind a local::stream.
#pragma once

#include <string>

#include "net/stream_socket.hpp"
#include "strait/net/local.hpp"

namespace strait::detail {

class local_stream_socket final : public stream_socket {
 public:
  /// Creates a stream from a connected descriptor, of which it takes ownership.
  [[nodiscard]] static local::stream make_stream(unique_descriptor descriptor);

  [[nodiscard]] std::string peer_name() const override;

 private:
  [[nodiscard]] engine::short_read meaning_of_short_read() const noexcept override {
    return engine::short_read::inconclusive;
  }
};

}  // namespace strait::detail
