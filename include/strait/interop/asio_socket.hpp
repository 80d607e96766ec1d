// Converts a connection of strait to an Asio socket, and back.
#pragma once

#include <system_error>
#include <utility>

#include <unistd.h>

#include <asio/ip/tcp.hpp>

#include "strait/base/error.hpp"
#include "strait/core/event_loop.hpp"
#include "strait/interop/asio_executor.hpp"
#include "strait/net/tcp.hpp"

namespace strait {

/// Converts a connection to an Asio socket on `loop`, for example for an `asio::ssl::stream`. No operation on the
/// connection may be in progress. Throws `error` on failure; the connection is closed then.
[[nodiscard]] inline asio::ip::tcp::socket to_asio(tcp::stream from, event_loop& loop) {
  auto const protocol = from.local_endpoint().is_v4() ? asio::ip::tcp::v4() : asio::ip::tcp::v6();
  asio::ip::tcp::socket socket(asio_executor(loop));
  int const descriptor = from.release();
  std::error_code failure;
  socket.assign(protocol, descriptor, failure);
  if (failure) {
    ::close(descriptor);
    throw error(failure, "convert a connection to an Asio socket");
  }
  return socket;
}

/// Converts an Asio socket to a connection of strait. Operations in progress on the socket are canceled. Throws `error`
/// on failure; the connection is closed then.
[[nodiscard]] inline tcp::stream from_asio(asio::ip::tcp::socket from) {
  std::error_code failure;
  int const descriptor = from.release(failure);
  if (failure) throw error(failure, "convert an Asio socket to a connection");
  try {
    return tcp::stream(descriptor);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
}

}  // namespace strait
