// Asio sockets for tests of its operations.
#pragma once

#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>

namespace strait::test {

/// Two sockets that are connected to each other.
struct socket_pair {
  explicit socket_pair(asio::io_context::executor_type executor) : first(executor), second(executor) {
    asio::local::connect_pair(first, second);
  }
  asio::local::stream_protocol::socket first;
  asio::local::stream_protocol::socket second;
};

}  // namespace strait::test
