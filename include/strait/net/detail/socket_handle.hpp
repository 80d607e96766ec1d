// What every public socket is: the owner of what stands behind it.
#pragma once

namespace strait::detail {

/// Owns a `Socket`, or nothing when it is closed. Move-only. The rest is in src/net/socket_handle.hpp.
template <class Socket>
class socket_handle {
 public:
  /// Operations under way end with `errc::closed`. No effect on a closed one.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return socket_ != nullptr; }
  /// The descriptor, still owned by the socket; -1 if it is closed.
  [[nodiscard]] int native_handle() const noexcept;

 protected:
  socket_handle() noexcept = default;
  explicit socket_handle(Socket* socket) noexcept : socket_(socket) {}
  socket_handle(socket_handle&& other) noexcept;
  socket_handle& operator=(socket_handle&& other) noexcept;
  ~socket_handle() { close(); }

  /// Throws `errc::closed` unless it is open.
  void require_open(char const* operation) const;
  /// The descriptor; throws `errc::closed` if there is none.
  [[nodiscard]] int open_handle(char const* operation) const;

  Socket* socket_ = nullptr;
};

/// One that moves data.
template <class Socket>
class data_socket_handle : public socket_handle<Socket> {
 public:
  /// The system's buffers in bytes (SO_RCVBUF, SO_SNDBUF); datagrams that do not fit are lost. Linux gives back twice
  /// what was set, and sets no more than net.core.rmem_max or wmem_max.
  void receive_buffer_size(int bytes);
  [[nodiscard]] int receive_buffer_size() const;
  void send_buffer_size(int bytes);
  [[nodiscard]] int send_buffer_size() const;

  /// Gives up the descriptor, which stays open and non-blocking; -1 if there is none. No operation may be under way.
  [[nodiscard]] int release() noexcept;

 protected:
  using socket_handle<Socket>::socket_handle;
  ~data_socket_handle() = default;
  data_socket_handle(data_socket_handle&&) noexcept = default;
  data_socket_handle& operator=(data_socket_handle&&) noexcept = default;
};

}  // namespace strait::detail
