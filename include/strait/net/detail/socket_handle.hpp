// The base of every public socket: owns the object behind it.
#pragma once

namespace strait::detail {

/// Owns a `Socket`, or nothing when it is closed. Move-only. Its implementation is in src/net/socket_handle.hpp.
template <class Socket>
class socket_handle {
 public:
  /// Closes the socket. Operations in progress end with `errc::closed`. No effect on a closed socket.
  void close() noexcept;
  /// Whether the socket is open.
  [[nodiscard]] bool is_open() const noexcept { return socket_ != nullptr; }
  /// The file descriptor, which the socket still owns; -1 if it is closed.
  [[nodiscard]] int native_handle() const noexcept;

 protected:
  socket_handle() noexcept = default;
  explicit socket_handle(Socket* socket) noexcept : socket_(socket) {}
  socket_handle(socket_handle&& other) noexcept;
  socket_handle& operator=(socket_handle&& other) noexcept;
  ~socket_handle() { close(); }

  /// Throws `errc::closed` if the socket is closed.
  void require_open(char const* operation) const;
  /// The file descriptor. Throws `errc::closed` if the socket is closed.
  [[nodiscard]] int open_handle(char const* operation) const;

  Socket* socket_ = nullptr;
};

/// A handle of a socket that transfers data.
template <class Socket>
class data_socket_handle : public socket_handle<Socket> {
 public:
  /// Sets the size of the kernel's receive buffer in bytes (SO_RCVBUF); datagrams that do not fit are dropped. Linux
  /// limits it to net.core.rmem_max, and reports twice the value that was set.
  void receive_buffer_size(int bytes);
  /// The size of the kernel's receive buffer in bytes.
  [[nodiscard]] int receive_buffer_size() const;
  /// Sets the size of the kernel's send buffer in bytes (SO_SNDBUF). Linux limits it to net.core.wmem_max, and reports
  /// twice the value that was set.
  void send_buffer_size(int bytes);
  /// The size of the kernel's send buffer in bytes.
  [[nodiscard]] int send_buffer_size() const;

  /// Releases ownership of the file descriptor, which stays open and non-blocking. Returns it, or -1 if the socket is
  /// closed. No operation may be in progress.
  [[nodiscard]] int release() noexcept;

 protected:
  using socket_handle<Socket>::socket_handle;
  ~data_socket_handle() = default;
  data_socket_handle(data_socket_handle&&) noexcept = default;
  data_socket_handle& operator=(data_socket_handle&&) noexcept = default;
};

}  // namespace strait::detail
