// A connection from strait to Asio and back.
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

/// Makes of a connection, during no operation, a socket of Asio's on `loop`: what `asio::ssl::stream` wants. Throws
/// `error`; the connection is closed then.
[[nodiscard]] inline asio::ip::tcp::socket to_asio(tcp::stream from, event_loop& loop) {
  auto const protocol = from.local_endpoint().is_v4() ? asio::ip::tcp::v4() : asio::ip::tcp::v6();
  asio::ip::tcp::socket socket(asio_executor(loop));
  int const descriptor = from.release();
  std::error_code failure;
  socket.assign(protocol, descriptor, failure);
  if (failure) {
    ::close(descriptor);
    throw error(failure, "give a socket to Asio");
  }
  return socket;
}

/// The way back. Asio's operations that are under way end. Throws `error`; the connection is closed then.
[[nodiscard]] inline tcp::stream from_asio(asio::ip::tcp::socket from) {
  std::error_code failure;
  int const descriptor = from.release(failure);
  if (failure) throw error(failure, "take a socket from Asio");
  try {
    return tcp::stream(descriptor);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
}

}  // namespace strait
