// socket_address: an address in the form of the system calls.
#pragma once

namespace strait::detail {

/// The sockaddr for an `Endpoint`, as input or output of a system call.
template <class Endpoint>
struct socket_address {
  socket_address() noexcept {}  // room for one
  explicit socket_address(Endpoint const& of) noexcept : size(static_cast<unsigned>(of.to_sockaddr(bytes))) {}

  alignas(8) unsigned char bytes[Endpoint::max_sockaddr_size];
  unsigned size = sizeof bytes;
};

}  // namespace strait::detail
