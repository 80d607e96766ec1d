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

attempt_outcome transfer(int descriptor, io_operation& operation) noexcept {
  gathered buffers(operation);
  msghdr message = buffers.message();
  ssize_t moved;
  do {
    moved = operation.what_ == io_operation::kind::read ? ::recvmsg(descriptor, &message, 0)
                                                        : ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
  } while (moved < 0 && errno == EINTR);
  return outcome_of_transfer(operation, moved, buffers.size);
}

// Errors of the connection that was to be accepted, not of the listener: accept(2), "Error handling". The next one in
// the queue may be well.
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
  operation.error_ = EAGAIN;
  for (int tries = 0; tries != 64; ++tries) {
    auto length = static_cast<socklen_t>(operation.buffer_.size());
    auto* const peer = static_cast<sockaddr*>(const_cast<void*>(operation.buffer_.data()));
    int const accepted = ::accept4(descriptor, peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      operation.error_ = 0;
      operation.moved_ = static_cast<std::size_t>(accepted);
      return attempt_outcome::ended;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return attempt_outcome::would_block;
    if (is_about_the_connection(errno)) continue;
    operation.error_ = errno;
    break;
  }
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

attempt_outcome attempt_other(int descriptor, io_operation& operation) noexcept {
  switch (operation.what_) {
    case io_operation::kind::read:
    case io_operation::kind::write: return transfer(descriptor, operation);
    case io_operation::kind::accept: return accept(descriptor, operation);
    case io_operation::kind::connect: return connect(descriptor, operation);
    case io_operation::kind::wait_readable:
      operation.error_ = 0;
      return is_ready(descriptor, POLLIN) ? attempt_outcome::ended : attempt_outcome::would_block;
  }
  return attempt_outcome::would_block;
}

}  // namespace strait::engine
