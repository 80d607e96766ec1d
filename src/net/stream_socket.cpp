// Who may use a stream's socket, and when it has been idle for too long.
#include "net/stream_socket.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "core/loop.hpp"

namespace strait::detail {
namespace {

// The loop's time is up to some milliseconds late; a deadline is looked at when it is past for certain.
constexpr std::chrono::milliseconds lateness{5};

}  // namespace

tcp::stream stream_socket::make_stream(unique_descriptor descriptor, endpoint const& peer) {
  auto* const made = new stream_socket(peer);
  made->own(descriptor.release());
  return tcp::stream(made);
}

stream_socket::~stream_socket() {
  for (transfer_awaiter* each : {reader_, writer_})
    if (each) each->socket_ = nullptr;
  if (watched_) watched_->close();
}

void stream_socket::admit(transfer_awaiter const& operation, loop_core& loop) {
  if (place_of(operation)) {
    char const* const doing = operation.what_ == io_operation::kind::read ? "read" : "write";
    throw std::logic_error(
        fmt::format("strait: two {0}s at once on the stream with {1}: one task at a time may {0} it", doing, peer_));
  }
  if (loop_)
    throw std::logic_error(
        fmt::format("strait: the stream with {} is used on two loops: release() it on the first and "
                    "make a new stream of the descriptor on the other",
                    peer_));
  try {
    watched_ = &loop_of(loop).engine().attach(descriptor_.get());
  } catch (std::system_error const& e) {
    throw error(e.code(), fmt::format("watch the connection with {}", peer_));
  }
  static_cast<void>(descriptor_.release());
  loop_ = &loop;
  loop_of(loop).users().push_back(*this);
}

void stream_socket::loop_ended() noexcept {
  deadline_.reset();
  descriptor_ = unique_descriptor(std::exchange(watched_, nullptr)->release());
  loop_ = nullptr;
}

void stream_socket::touch() noexcept {
  if (idle_limit_ != 0) last_moved_ = loop_of(*loop_).engine().coarse_now();
}

void stream_socket::set_idle_limit(std::int64_t nanoseconds) noexcept {
  idle_limit_ = nanoseconds;
  deadline_.reset();
  if (idle_limit_ == 0 || !(reader_ || writer_)) return;
  touch();
  watch_idleness();
}

void stream_socket::watch_idleness() noexcept {
  deadline_.set(*loop_, clock::time_point(std::chrono::nanoseconds(last_moved_ + idle_limit_)) + lateness);
}

// The one deadline of the connection, which is moved only when it turns out to have been too early.
void stream_socket::check_idleness() noexcept {
  if (!(reader_ || writer_)) return;
  if (loop_of(*loop_).engine().coarse_now() < last_moved_ + idle_limit_) {
    watch_idleness();
    return;
  }
  for (transfer_awaiter* each : {reader_, writer_})
    if (each) each->time_out();
}

int stream_socket::release() noexcept {
  return watched_ ? std::exchange(watched_, nullptr)->release() : descriptor_.release();
}

}  // namespace strait::detail
