// The system calls behind the operations.
#include "engine/attempt.hpp"

#include <cerrno>
#include <new>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/standard_streams.hpp"
#include "engine/message.hpp"
#include "engine/send_file.hpp"
#include "engine/splice.hpp"
#include "strait/core/detail/frame_memory.hpp"

namespace strait::engine {
namespace {

using detail::datagram_operation;
using detail::io_operation;

// The buffers that one system call takes; a read or write of more buffers needs several calls.
constexpr std::size_t max_vectors = io_operation::max_buffers;

// The buffers of `operation` as an array of iovec, up to `max_vectors` of them; `size` is the sum of their sizes.
struct gathered {
  explicit gathered(io_operation const& operation) noexcept {
    add(operation.buffer_);
    for (auto const& each : operation.more_) {
      if (count == max_vectors) break;
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
  iovec vectors[max_vectors];
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

/// Reads into a block that is allocated for it, and freed at once if there is nothing to read.
attempt_outcome read_borrowed(int descriptor, io_operation& operation) noexcept {
  constexpr auto whole = io_operation::borrowed_block_size;
  void* memory;
  try {
    memory = detail::allocate_frame(whole);
  } catch (std::bad_alloc const&) {
    operation.error_ = ENOMEM;
    return attempt_outcome::ended;
  }
  auto const size = operation.buffer_.size();
  void* const into = static_cast<char*>(memory) + (whole - size);
  ssize_t moved;
  do {
    moved = ::recv(descriptor, into, size, 0);
  } while (moved < 0 && errno == EINTR);
  auto const outcome = outcome_of_transfer(operation, moved, size);
  if (moved > 0) operation.buffer_ = const_buffer(into, size);
  else detail::free_frame(memory, whole);
  return outcome;
}

/// The outcome of a system call for datagrams. Its result does not show whether the queue is now empty (or full).
attempt_outcome outcome_of_datagram(io_operation& operation, ssize_t moved) noexcept {
  auto const outcome = outcome_of_transfer(operation, moved, 0);
  return outcome == attempt_outcome::drained ? attempt_outcome::ended : outcome;
}

/// The outcome of a send: complete, failed, or waiting for room in the queue.
attempt_outcome outcome_of_send(datagram_operation& operation, ssize_t moved) noexcept {
  auto const outcome = outcome_of_datagram(operation, moved);
  if (outcome != attempt_outcome::would_block || !operation.ends_if_full_) return outcome;
  operation.error_ = EAGAIN;
  return attempt_outcome::ended;
}

msghdr datagram_message(gathered& buffers, datagram_operation const& operation) noexcept {
  msghdr message = buffers.message();
  message.msg_name = operation.name_;
  message.msg_namelen = static_cast<socklen_t>(operation.name_size_);
  return message;
}

[[gnu::noinline]] attempt_outcome receive_scattered(int descriptor, datagram_operation& operation) noexcept {
  gathered buffers(operation);
  msghdr message = datagram_message(buffers, operation);
  ssize_t moved;
  do {
    moved = ::recvmsg(descriptor, &message, 0);
  } while (moved < 0 && errno == EINTR);
  operation.is_truncated_ = moved >= 0 && (message.msg_flags & MSG_TRUNC) != 0;
  if (moved >= 0) operation.name_size_ = message.msg_namelen;
  return outcome_of_datagram(operation, moved);
}

attempt_outcome recvfrom(int descriptor, datagram_operation& operation) noexcept {
#if defined(__linux__)
  if (operation.more_.empty()) [[likely]] {
    // recvfrom is cheaper than recvmsg, but reports truncation on Linux only: with MSG_TRUNC it returns the original
    // size of the datagram, see recv(2).
    auto const size = operation.buffer_.size();
    auto* const into = const_cast<void*>(operation.buffer_.data());
    auto* const name = static_cast<sockaddr*>(operation.name_);
    auto length = static_cast<socklen_t>(operation.name_size_);
    ssize_t moved;
    do {
      moved = ::recvfrom(descriptor, into, size, MSG_TRUNC, name, name ? &length : nullptr);
    } while (moved < 0 && errno == EINTR);
    operation.is_truncated_ = moved > static_cast<ssize_t>(size);
    if (operation.is_truncated_) moved = static_cast<ssize_t>(size);
    operation.name_size_ = length;
    return outcome_of_datagram(operation, moved);
  }
#endif
  return receive_scattered(descriptor, operation);
}

[[gnu::noinline]] attempt_outcome send_gathered(int descriptor, datagram_operation& operation) noexcept {
  gathered buffers(operation);
  msghdr message = datagram_message(buffers, operation);
  ssize_t moved;
  do {
    moved = ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
  } while (moved < 0 && errno == EINTR);
  return outcome_of_send(operation, moved);
}

attempt_outcome sendto(int descriptor, datagram_operation& operation) noexcept {
  if (!operation.more_.empty()) [[unlikely]]
    return send_gathered(descriptor, operation);
  auto const& bytes = operation.buffer_;
  ssize_t moved;
  do {
    moved = ::sendto(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL,
                     static_cast<sockaddr const*>(operation.name_), static_cast<socklen_t>(operation.name_size_));
  } while (moved < 0 && errno == EINTR);
  return outcome_of_send(operation, moved);
}

message* messages_of(io_operation const& operation) noexcept {
  return static_cast<message*>(const_cast<void*>(operation.buffer_.data()));
}

attempt_outcome receive_batch(int descriptor, io_operation& operation) noexcept {
  auto const room = operation.buffer_.size() / sizeof(message);
  auto const received = receive_messages(descriptor, messages_of(operation), static_cast<unsigned>(room));
  return outcome_of_datagram(operation, received);
}

// If only some messages were sent, the next attempt returns the reason: the queue is full, or the message failed.
attempt_outcome send_batch(int descriptor, datagram_operation& operation) noexcept {
  auto const count = operation.buffer_.size() / sizeof(message);
  return outcome_of_send(operation, send_messages(descriptor, messages_of(operation), static_cast<unsigned>(count)));
}

// Of the errors of accept(2), those listed here concern the listener, or mean that resources are exhausted. All others
// concern the connection that was to be accepted, for example network errors and rejections by a firewall or a security
// module; the next connection in the queue may be fine.
bool is_about_the_connection(int error) noexcept {
  switch (error) {
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOSYS:
    case ENOTSOCK:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return false;
    default: return true;
  }
}

attempt_outcome accept(int descriptor, io_operation& operation) noexcept {
  // A listener whose queue contains only failed connections must not block the loop.
  for (int tries = 0; tries != 64; ++tries) {
    auto length = static_cast<socklen_t>(operation.buffer_.size());
    auto* const peer = static_cast<sockaddr*>(const_cast<void*>(operation.buffer_.data()));
    int const accepted =
        detail::above_standard_streams(::accept4(descriptor, peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted >= 0) {
      operation.error_ = 0;
      operation.moved_ = static_cast<std::size_t>(accepted);
      return attempt_outcome::ended;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return attempt_outcome::would_block;
    operation.error_ = errno;
    if (!is_about_the_connection(errno)) break;
    // EOPNOTSUPP is either a network error, or means that the socket cannot listen; then every attempt returns it.
    if (errno != EOPNOTSUPP) operation.error_ = EAGAIN;
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
    case io_operation::kind::read_borrowed: return read_borrowed(descriptor, operation);
    case io_operation::kind::splice_in: return splice_in(descriptor, operation);
    case io_operation::kind::splice_out: return splice_out(descriptor, operation);
    case io_operation::kind::send_file: return send_file(descriptor, operation);
    case io_operation::kind::recvfrom: return recvfrom(descriptor, static_cast<datagram_operation&>(operation));
    case io_operation::kind::sendto: return sendto(descriptor, static_cast<datagram_operation&>(operation));
    case io_operation::kind::recv_batch: return receive_batch(descriptor, operation);
    case io_operation::kind::send_batch: return send_batch(descriptor, static_cast<datagram_operation&>(operation));
    case io_operation::kind::accept: return accept(descriptor, operation);
    case io_operation::kind::connect: return connect(descriptor, operation);
    case io_operation::kind::wait_readable:
      operation.error_ = 0;
      return is_ready(descriptor, POLLIN) ? attempt_outcome::ended : attempt_outcome::would_block;
  }
  return attempt_outcome::would_block;
}

}  // namespace strait::engine
