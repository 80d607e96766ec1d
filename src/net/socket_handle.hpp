// The implementation of socket_handle, for source files that know the object behind it.
#pragma once

#include <cerrno>
#include <string_view>
#include <utility>

#include <sys/socket.h>

#include "net/descriptor.hpp"
#include "strait/base/error.hpp"
#include "strait/net/detail/socket_handle.hpp"

namespace strait::detail {

template <class Socket>
socket_handle<Socket>::socket_handle(socket_handle&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}

template <class Socket>
socket_handle<Socket>& socket_handle<Socket>::operator=(socket_handle&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::exchange(other.socket_, nullptr);
  }
  return *this;
}

template <class Socket>
void socket_handle<Socket>::close() noexcept {
  delete std::exchange(socket_, nullptr);
}

template <class Socket>
int socket_handle<Socket>::native_handle() const noexcept {
  return socket_ ? socket_->native_handle() : -1;
}

template <class Socket>
void socket_handle<Socket>::require_open(char const* operation) const {
  if (!socket_) throw error(errc::closed, operation);
}

template <class Socket>
int socket_handle<Socket>::open_handle(char const* operation) const {
  require_open(operation);
  return socket_->native_handle();
}

/// The kernel would treat a negative size as a very large one.
inline void set_buffer_size(int descriptor, int name, int bytes, std::string_view context) {
  if (bytes < 0) throw system_failure(EINVAL, context);
  set_option(descriptor, SOL_SOCKET, name, bytes, context);
}

template <class Socket>
void data_socket_handle<Socket>::receive_buffer_size(int bytes) {
  constexpr auto context = "receive_buffer_size";
  set_buffer_size(this->open_handle(context), SO_RCVBUF, bytes, context);
}
template <class Socket>
int data_socket_handle<Socket>::receive_buffer_size() const {
  constexpr auto context = "receive_buffer_size";
  return get_option(this->open_handle(context), SOL_SOCKET, SO_RCVBUF, context);
}
template <class Socket>
void data_socket_handle<Socket>::send_buffer_size(int bytes) {
  constexpr auto context = "send_buffer_size";
  set_buffer_size(this->open_handle(context), SO_SNDBUF, bytes, context);
}
template <class Socket>
int data_socket_handle<Socket>::send_buffer_size() const {
  constexpr auto context = "send_buffer_size";
  return get_option(this->open_handle(context), SOL_SOCKET, SO_SNDBUF, context);
}

template <class Socket>
int data_socket_handle<Socket>::release() noexcept {
  int const descriptor = this->socket_ ? this->socket_->release() : -1;
  this->close();
  return descriptor;
}

}  // namespace strait::detail
