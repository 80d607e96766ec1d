// The system calls behind the operations.
#include "engine/attempt.hpp"

#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace strait::engine {
namespace {

using detail::io_operation;

// So many buffers go into one system call; the rest follows with the next.
constexpr std::size_t most_vectors = 16;

bool is_would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

// The buffers of `operation` as the system wants them, as many as fit; `size` is how many bytes that is.
struct gathered {
  explicit gathered(io_operation const& operation) noexcept {
    add(operation.buffer_);
    for (auto const& each : operation.more_) {
      if (count == most_vectors) break;
      if (!each.empty()) add(each);
    }
  }
  void add(const_buffer const& buffer) noexcept {
    vectors[count++] = {const_cast<void*>(buffer.data()), buffer.size()};
    size += buffer.size();
  }
  [[nodiscard]] msghdr message() noexcept {
    msghdr header{};
    header.msg_iov = vectors;
    header.msg_iovlen = static_cast<decltype(header.msg_iovlen)>(count);
    return header;
  }
  iovec vectors[most_vectors];
  std::size_t count = 0;
  std::size_t size = 0;
};

// What a transfer of `wanted` bytes that returned `moved` means.
attempt_outcome transferred(io_operation& operation, ssize_t moved, std::size_t wanted) noexcept {
  if (moved < 0) {
    if (is_would_block(errno)) return attempt_outcome::would_block;
    operation.error_ = errno;
    operation.moved_ = 0;
    return attempt_outcome::ended;
  }
  operation.error_ = 0;
  operation.moved_ = static_cast<std::size_t>(moved);
  return operation.moved_ < wanted ? attempt_outcome::drained : attempt_outcome::ended;
}

attempt_outcome read(int descriptor, io_operation& operation) noexcept {
  std::size_t wanted = operation.buffer_.size();
  ssize_t moved;
  if (operation.more_.empty()) {
    do moved = ::recv(descriptor, const_cast<void*>(operation.buffer_.data()), wanted, 0);
    while (moved < 0 && errno == EINTR);
  } else {
    gathered buffers(operation);
    msghdr message = buffers.message();
    wanted = buffers.size;
    do moved = ::recvmsg(descriptor, &message, 0);
    while (moved < 0 && errno == EINTR);
  }
  return transferred(operation, moved, wanted);
}

// MSG_NOSIGNAL: a peer that has gone is an error of this write, not a SIGPIPE for the process.
attempt_outcome write(int descriptor, io_operation& operation) noexcept {
  std::size_t wanted = operation.buffer_.size();
  ssize_t moved;
  if (operation.more_.empty()) {
    do moved = ::send(descriptor, operation.buffer_.data(), wanted, MSG_NOSIGNAL);
    while (moved < 0 && errno == EINTR);
  } else {
    gathered buffers(operation);
    msghdr const message = buffers.message();
    wanted = buffers.size;
    do moved = ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
    while (moved < 0 && errno == EINTR);
  }
  return transferred(operation, moved, wanted);
}

// Errors of the connection that was to be accepted, not of the listener: accept(2), "Error handling". The next one in the
// queue may be well.
bool is_about_the_connection(int error) noexcept {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
#if defined(ENONET)
    case ENONET:
#endif
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH: return true;
    default: return false;
  }
}

attempt_outcome accept(int descriptor, io_operation& operation) noexcept {
  // A listener with nothing but broken connections in its queue must not hold the loop.
  for (int tries = 0; tries != 64; ++tries) {
    auto length = static_cast<socklen_t>(operation.buffer_.size());
    auto* const peer = static_cast<sockaddr*>(const_cast<void*>(operation.buffer_.data()));
    int const accepted = ::accept4(descriptor, peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      operation.error_ = 0;
      operation.moved_ = static_cast<std::size_t>(accepted);
      return attempt_outcome::ended;
    }
    if (is_would_block(errno)) return attempt_outcome::would_block;
    if (is_about_the_connection(errno)) continue;
    break;
  }
  operation.error_ = errno;
  return attempt_outcome::ended;
}

bool is_ready(int descriptor, short events) noexcept {
  pollfd entry{descriptor, events, 0};
  return ::poll(&entry, 1, 0) > 0;
}

attempt_outcome connect(int descriptor, io_operation& operation) noexcept {
  if (!is_ready(descriptor, POLLOUT)) return attempt_outcome::would_block;
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  operation.error_ = error;
  return attempt_outcome::ended;
}

}  // namespace

attempt_outcome attempt(int descriptor, io_operation& operation) noexcept {
  switch (operation.what_) {
    case io_operation::kind::read: return read(descriptor, operation);
    case io_operation::kind::write: return write(descriptor, operation);
    case io_operation::kind::accept: return accept(descriptor, operation);
    case io_operation::kind::connect: return connect(descriptor, operation);
    case io_operation::kind::wait_readable:
      operation.error_ = 0;
      return is_ready(descriptor, POLLIN) ? attempt_outcome::ended : attempt_outcome::would_block;
  }
  return attempt_outcome::would_block;
}

}  // namespace strait::engine
