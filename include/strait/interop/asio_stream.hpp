// asio_stream: adapts an Asio stream (a socket, a serial port, TLS) to strait's stream interface.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <asio/async_result.hpp>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/socket_base.hpp>
#include <asio/write.hpp>

#include <fmt/format.h>

#include "strait/base/buffer.hpp"
#include "strait/base/error.hpp"
#include "strait/core/task.hpp"
#include "strait/interop/detail/frame_allocator.hpp"
#include "strait/interop/use_task.hpp"
#include "strait/io/detail/in_use.hpp"
#include "strait/io/detail/peer_name.hpp"
#include "strait/net/endpoint.hpp"

namespace strait {
namespace detail {

/// `asio::ssl::stream` and similar types.
template <class S>
concept tls_stream = requires(S& stream) { SSL_get_shutdown(stream.native_handle()); };

}  // namespace detail

/// Adapts `AsyncStream`, a stream with Asio's interface, to strait's stream concept (strait/io/stream.hpp), so that
/// `buffered_reader`, `buffered_writer` and `copy` can use it. `AsyncStream` may be a reference.
///
///     asio_stream tls(asio::ssl::stream<asio::ip::tcp::socket>(to_asio(std::move(peer), loop), context));
///     co_await tls.next_layer().async_handshake(asio::ssl::stream_base::server, use_task);
///     buffered_reader in(tls);
///
/// Belongs to the loop that the Asio stream was constructed for. Movable while no operation is in progress. Its
/// destructor closes the stream if that of the Asio stream does.
///
/// **TLS.** Asio does not report how many bytes of a canceled write were sent, and the sent bytes may end within a
/// record: `transferred()` may be too small, and nothing more can be written. A canceled read loses nothing. A peer
/// that closes the connection without a close_notify causes the error `asio::ssl::error::stream_truncated`, not an end
/// of the stream.
template <class AsyncStream>
class asio_stream {
 public:
  /// The type of the Asio stream.
  using next_layer_type = std::remove_reference_t<AsyncStream>;

  /// Takes ownership of `stream`, or refers to it if `AsyncStream` is a reference.
  explicit asio_stream(AsyncStream stream) : stream_(static_cast<AsyncStream&&>(stream)) {}

  /// The Asio stream, for options, the handshake and so on.
  [[nodiscard]] next_layer_type& next_layer() noexcept { return stream_; }

  /// Reads at least one byte, at most as many as fit into the buffer. Returns their number; 0 is the end of the stream.
  /// An empty buffer throws `std::invalid_argument`. One task at a time may read; a second read throws
  /// `std::logic_error`.
  [[nodiscard]] task<std::size_t> read(mutable_buffer into);

  /// Writes the whole buffer and returns its size. One task at a time may write; a second write throws
  /// `std::logic_error`.
  [[nodiscard]] task<std::size_t> write(const_buffer from);
  /// Writes several buffers in order and returns their total size.
  [[nodiscard]] task<std::size_t> write(const_buffers from);

  /// Ends the outgoing direction; reading is still possible. Throws `error`.
  void shutdown_write()
    requires(!detail::tls_stream<next_layer_type>) && requires(next_layer_type& s) { s.shutdown(s.shutdown_send); }
  {
    stream_.shutdown(next_layer_type::shutdown_send);
  }
  /// Ends the outgoing direction of a TLS stream by sending a close_notify, which must be awaited. No write may be in
  /// progress. A peer that supports only TLS 1.2 may respond by closing the connection.
  [[nodiscard]] task<> shutdown_write()
    requires detail::tls_stream<next_layer_type>;

  /// Closes the stream; operations in progress end with `errc::closed`. Over TLS, call `shutdown_write` first,
  /// otherwise the peer reports a truncated stream.
  void close() noexcept {
    std::error_code ignored;
    lowest(stream_).close(ignored);
  }
  /// Whether the Asio stream is open.
  [[nodiscard]] bool is_open() const noexcept { return lowest(stream_).is_open(); }

  /// The address of a TCP connection's peer; throws if the stream is closed.
  [[nodiscard]] endpoint remote_endpoint() const
    requires requires(next_layer_type const& s) { s.lowest_layer().remote_endpoint().address(); }
  {
    auto const peer = lowest(stream_).remote_endpoint();
    return endpoint::from_sockaddr(peer.data(), peer.size());
  }

 private:
  template <class S>
  static auto& lowest(S& stream) noexcept {
    if constexpr (requires { stream.lowest_layer(); }) return stream.lowest_layer();
    else return stream;
  }
  template <class Buffers>
  task<std::size_t> write_all(Buffers from);
  [[noreturn]] void fail(std::string_view operation, error const& why) const;

  AsyncStream stream_;
  bool is_reading_ = false;
  bool is_writing_ = false;
};

template <class AsyncStream>
task<std::size_t> asio_stream<AsyncStream>::read(mutable_buffer into) {
  detail::in_use const mine(is_reading_, "strait: two reads at once on an asio_stream: one task at a time may read it");
  if (into.empty()) detail::throw_empty_buffer();
  try {
    co_return co_await stream_.async_read_some(asio::mutable_buffer(into.data(), into.size()), use_task);
  } catch (error const& e) {
    if (e.code() != asio::error::eof) fail("read from", e);
  }
  co_return std::size_t{0};
}

template <class AsyncStream>
task<std::size_t> asio_stream<AsyncStream>::write(const_buffer from) {
  return write_all(asio::const_buffer(from.data(), from.size()));
}

template <class AsyncStream>
task<std::size_t> asio_stream<AsyncStream>::write(const_buffers from) {
  std::vector<asio::const_buffer, detail::frame_allocator<asio::const_buffer>> all;
  all.reserve(from.size());
  for (auto const& each : from) all.emplace_back(each.data(), each.size());
  co_return co_await write_all(std::span<asio::const_buffer const>(all));
}

template <class AsyncStream>
template <class Buffers>
task<std::size_t> asio_stream<AsyncStream>::write_all(Buffers from) {
  detail::in_use const mine(is_writing_,
                            "strait: two writes at once on an asio_stream: one task at a time may write it");
  try {
    co_return co_await asio::async_write(stream_, from, use_task);
  } catch (error const& e) {
    fail("write to", e);
  }
}

// OpenSSL sends a close_notify and then waits for the peer's, reading whatever arrives, unless it has already been
// received. So it is marked as received until OpenSSL has created its own, which it does during the initiation.
template <class AsyncStream>
task<> asio_stream<AsyncStream>::shutdown_write()
  requires detail::tls_stream<next_layer_type>
{
  detail::in_use const mine(is_writing_, "strait: shutdown_write during a write on an asio_stream");
  auto initiate = [this](auto&& handler) {
    constexpr int received = 2;  // SSL_RECEIVED_SHUTDOWN
    auto* const ssl = stream_.native_handle();
    int const before = SSL_get_shutdown(ssl);
    SSL_set_shutdown(ssl, before | received);
    stream_.async_shutdown(std::forward<decltype(handler)>(handler));
    if ((before & received) == 0) SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) & ~received);
  };
  auto operation = asio::async_initiate<use_task_t const, void(std::error_code)>(initiate, use_task("shutdown"));
  try {
    co_await std::move(operation);
  } catch (error const& e) {
    fail("shutdown", e);
  }
}

template <class AsyncStream>
void asio_stream<AsyncStream>::fail(std::string_view operation, error const& why) const {
  if (!is_open()) throw error(errc::closed, operation.substr(0, operation.find(' ')), why.transferred());
  throw error(why.code(), fmt::format("{} {}", operation, detail::peer_name(*this)), why.transferred());
}

}  // namespace strait
