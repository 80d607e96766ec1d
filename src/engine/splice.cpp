// Splicing: the pipes, and the system calls.
//
// Behavior of splice(2) that its manual page does not mention, as of Linux 6.18:
//  - From a TCP socket, it never gets past urgent data, which recv skips: it returns EAGAIN or, after the peer has
//    ended its stream, 0, although more bytes follow. So neither is trusted until recv(MSG_PEEK) confirms it.
//  - To a socket whose peer has closed the connection, it raises SIGPIPE, and has no flag like MSG_NOSIGNAL.
//  - To a file opened with O_APPEND, and on some file systems, it returns EINVAL.
#include "engine/splice.hpp"

#include "base/process_wide.hpp"
#include "base/signal_block.hpp"
#include "base/standard_streams.hpp"
#include "strait/core/detail/spliced_bytes.hpp"

#if defined(__linux__)

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#endif

namespace strait::detail {

#if defined(__linux__)

namespace {

struct pipe_ends {
  int output;
  int input;
};

// A thread's empty pipes. Trivially destructible, because frames may be destroyed after the thread's thread_local
// objects.
struct idle_pipes {
  static constexpr int capacity = 32;
  pipe_ends pipes[capacity];
  int count;
  int users;
};
constinit thread_local idle_pipes idle{};

// A smaller pipe moves too little at a time. The kernel gives small pipes to users that have many
// (fs.pipe-user-pages-soft).
constexpr int min_capacity = 64 * 1024;

void close_pipe(pipe_ends const& pipe) noexcept {
  ::close(pipe.output);
  ::close(pipe.input);
}

// A forked child must not write to a pipe from which its parent reads.
[[maybe_unused]] bool const leaves_pipes_to_parent = after_fork_in_child([] {
  while (idle.count != 0) close_pipe(idle.pipes[--idle.count]);
});

bool make_pipe(pipe_ends& made) noexcept {
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return false;
  made = {above_standard_streams(ends[0]), above_standard_streams(ends[1])};
  bool const is_whole = made.output >= 0 && made.input >= 0;
  if (is_whole && ::fcntl(made.input, F_SETPIPE_SZ, spliced_bytes::max_size) >= 0) return true;
  if (is_whole && ::fcntl(made.input, F_GETPIPE_SZ) >= min_capacity) return true;
  close_pipe(made);
  return false;
}

ssize_t splice_some(int from, int to, std::size_t max_bytes) noexcept {
  ssize_t moved;
  do {
    moved = ::splice(from, nullptr, to, nullptr, max_bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (moved < 0 && errno == EINTR);
  return moved;
}

// Returns 1 if there is data to read, 0 at the end of the stream, -1 with errno set otherwise.
ssize_t peek(int descriptor) noexcept {
  char byte;
  ssize_t seen;
  do {
    seen = ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  } while (seen < 0 && errno == EINTR);
  return seen;
}

// Waking a thread takes about as long as a sender on the same network needs for the next bytes.
constexpr int soon = 1;  // milliseconds
// Other calls need the thread, and the transfer may have been canceled.
constexpr std::chrono::milliseconds longest_pass{20};

/// Whether there is data to read, now or soon.
bool comes_soon(int descriptor) noexcept {
  pollfd entry{descriptor, POLLIN, 0};
  return ::poll(&entry, 1, soon) > 0;
}

// Errors after which reading in the usual way may succeed.
bool is_about_splicing(int error) noexcept {
  return error == EAGAIN || error == EINVAL || error == ENOMEM || error == EOPNOTSUPP;
}

}  // namespace

spliced_bytes::spliced_bytes() noexcept { ++idle.users; }

spliced_bytes::~spliced_bytes() {
  if (output_ >= 0) close_pipe({output_, input_});
  if (--idle.users != 0) return;
  while (idle.count != 0) close_pipe(idle.pipes[--idle.count]);
}

#else

spliced_bytes::spliced_bytes() noexcept = default;
spliced_bytes::~spliced_bytes() = default;

#endif

/// One attempt to splice into or out of a spliced_bytes.
class splicing {
 public:
  using outcome = engine::attempt_outcome;

  explicit splicing(io_operation& operation) noexcept
      : operation_(operation), bytes_(*static_cast<spliced_bytes*>(const_cast<void*>(operation.buffer_.data()))) {}

  outcome in(int descriptor) noexcept;
  outcome out(int descriptor) noexcept;

#if defined(__linux__)
  static void give_back_pipe(spliced_bytes& bytes) noexcept;
#endif

 private:
  outcome refuse() noexcept {
    bytes_.is_refused_ = true;
    return engine::outcome_of_transfer(operation_, 0, 0);
  }

#if defined(__linux__)
  outcome take_in(int descriptor) noexcept;
  bool take_pipe() noexcept;
#endif

  io_operation& operation_;
  spliced_bytes& bytes_;
};

#if defined(__linux__)

bool splicing::take_pipe() noexcept {
  pipe_ends taken;
  if (idle.count != 0) taken = idle.pipes[--idle.count];
  else if (!make_pipe(taken)) return false;
  bytes_.output_ = taken.output;
  bytes_.input_ = taken.input;
  return true;
}

void splicing::give_back_pipe(spliced_bytes& bytes) noexcept {
  pipe_ends const unused{std::exchange(bytes.output_, -1), std::exchange(bytes.input_, -1)};
  if (idle.count == idle_pipes::capacity) close_pipe(unused);
  else idle.pipes[idle.count++] = unused;
}

splicing::outcome splicing::in(int descriptor) noexcept {
  bytes_.is_refused_ = bytes_.is_full_ = false;
  auto const before = bytes_.size_;
  auto const result = take_in(descriptor);
  if (bytes_.has_moved_) bytes_.is_likely_drained_ = result == outcome::would_block;
  bytes_.has_moved_ = bytes_.size_ != before;
  return result;
}

// If the pipe is empty, EAGAIN means that the socket is; otherwise the pipe may be full. The result of splice does not
// show whether the socket has more data.
splicing::outcome splicing::take_in(int descriptor) noexcept {
  // If the socket is likely to be empty, peek first: after a failed splice it would be necessary anyway.
  if (bytes_.has_moved_ && bytes_.is_likely_drained_) {
    auto const there = peek(descriptor);
    if (there <= 0) return engine::outcome_of_transfer(operation_, there, 0);
  }
  if (bytes_.size_ == 0 && !take_pipe()) return refuse();
  ssize_t there = 1;
  // Data that arrives between splice and peek is no reason to refuse, so try twice.
  for (int tries = 0; tries != 2 && there > 0; ++tries) {
    auto const moved = splice_some(descriptor, bytes_.input_, operation_.buffer_.size());
    if (moved > 0) {
      bytes_.size_ += static_cast<std::size_t>(moved);
      return engine::outcome_of_transfer(operation_, moved, 0);
    }
    there = moved == 0 || is_about_splicing(errno) ? peek(descriptor) : -1;
  }
  int const failure = errno;
  if (bytes_.size_ == 0) give_back_pipe(bytes_);
  errno = failure;
  if (there <= 0) return engine::outcome_of_transfer(operation_, there, 0);
  if (bytes_.size_ == 0) return refuse();
  bytes_.is_full_ = true;
  return engine::outcome_of_transfer(operation_, 0, 0);
}

splicing::outcome splicing::out(int descriptor) noexcept {
  ssize_t moved;
  {
    detail::signal_block const blocked(SIGPIPE);
    moved = splice_some(bytes_.output_, descriptor, bytes_.size_);
    // If the peer closes the connection meanwhile, the signal may be raised although some bytes were sent.
    if (moved < 0 || static_cast<std::size_t>(moved) != bytes_.size_) blocked.discard_pending();
  }
  if (moved > 0) {
    bytes_.size_ -= static_cast<std::size_t>(moved);
    if (bytes_.size_ == 0) give_back_pipe(bytes_);
  }
  return engine::outcome_of_transfer(operation_, moved, 0);
}

int spliced_bytes::store(int file, std::uint64_t offset) noexcept {
  detail::signal_block const blocked(SIGXFSZ);  // raised when the file reaches its size limit
  auto position = static_cast<loff_t>(offset);
  int failure = 0;
  while (size_ != 0 && failure == 0) {
    auto const moved = ::splice(output_, nullptr, file, &position, size_, SPLICE_F_MOVE);
    if (moved > 0) size_ -= static_cast<std::size_t>(moved);
    else if (moved == 0) failure = EIO;
    else if (errno == EINVAL || errno == ENOSYS) failure = store_by_memory(file, static_cast<std::uint64_t>(position));
    else if (errno != EINTR) failure = errno;
  }
  if (failure == EFBIG) blocked.discard_pending();
  return failure;
}

// As in splice(2), bytes are taken out of the pipe before they are written; `size_` counts the bytes not yet written.
int spliced_bytes::store_by_memory(int file, std::uint64_t offset) noexcept {
  char block[64 * 1024];
  for (auto left = size_; left != 0;) {
    auto const got = ::read(output_, block, std::min(sizeof block, left));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return EIO;
    left -= static_cast<std::size_t>(got);
    for (ssize_t written = 0; written != got;) {
      auto const rest = static_cast<std::size_t>(got - written);
      auto const moved = ::pwrite(file, block + written, rest, static_cast<off_t>(offset));
      if (moved < 0 && errno == EINTR) continue;
      if (moved <= 0) return moved < 0 ? errno : EIO;
      written += moved;
      offset += static_cast<std::uint64_t>(moved);
      size_ -= static_cast<std::size_t>(moved);
    }
  }
  return 0;
}

spliced_bytes::passed spliced_bytes::pass_on(int socket, int file, std::uint64_t offset, std::uint64_t limit) noexcept {
  passed done;
  auto const store_all = [&] {
    auto const before = size_;
    done.file_failure = store(file, offset + done.stored);
    done.stored += before - size_;
    return done.file_failure == 0;
  };
  auto const until = std::chrono::steady_clock::now() + longest_pass;
  while (store_all() && done.taken != limit && std::chrono::steady_clock::now() < until) {
    auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(limit - done.taken, max_size));
    auto moved = splice_some(socket, input_, wanted);
    if (moved < 0 && errno == EAGAIN && comes_soon(socket)) moved = splice_some(socket, input_, wanted);
    if (moved < 0 && !is_about_splicing(errno)) done.socket_failure = errno;
    if (moved <= 0) break;
    size_ = static_cast<std::size_t>(moved);
    done.taken += size_;
  }
  return done;
}

void spliced_bytes::stored() noexcept {
  if (size_ == 0 && output_ >= 0) splicing::give_back_pipe(*this);
}

#else

int spliced_bytes::store(int, std::uint64_t) noexcept { return ENOSYS; }  // the pipe is always empty
spliced_bytes::passed spliced_bytes::pass_on(int, int, std::uint64_t, std::uint64_t) noexcept { return {}; }
void spliced_bytes::stored() noexcept {}

splicing::outcome splicing::in(int) noexcept { return refuse(); }
splicing::outcome splicing::out(int) noexcept { return refuse(); }

#endif

}  // namespace strait::detail

namespace strait::engine {

attempt_outcome splice_in(int descriptor, detail::io_operation& operation) noexcept {
  return detail::splicing(operation).in(descriptor);
}
attempt_outcome splice_out(int descriptor, detail::io_operation& operation) noexcept {
  return detail::splicing(operation).out(descriptor);
}

}  // namespace strait::engine
