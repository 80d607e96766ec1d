// Datagram operations from the first attempt to the result.
#include "strait/net/detail/datagram_awaiter.hpp"

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "net/datagram_socket.hpp"
#include "net/socket_awaiter.hpp"

namespace strait::detail {
namespace {

/// Whether the kernel may have rejected a message because it cannot segment it: the segments are longer than the path
/// MTU allows (EINVAL, EMSGSIZE), the device cannot compute their checksums (EIO), or the kernel is older than Linux
/// 4.18.
bool is_about_segments(int error) noexcept { return error == EINVAL || error == EMSGSIZE || error == EIO; }

}  // namespace

inline bool datagram_awaiter::is_done_already() noexcept {
  if (what_ == kind::send_batch) return static_cast<send_batch_operation*>(this)->count_ == 0;
  if (more_.size() < max_buffers) [[likely]]
    return false;
  error_ = EMSGSIZE;
  return true;
}

inline void datagram_awaiter::prepare() noexcept {
  if (what_ == kind::send_batch) static_cast<send_batch_operation*>(this)->refill();
}

inline datagram_awaiter::progress datagram_awaiter::take_in(loop_core&) noexcept {
  if (what_ == kind::send_batch) return static_cast<send_batch_operation*>(this)->take_in_batch();
  if (error_ != 0) [[unlikely]]
    return take_in_failure();
  if (from_peer_only_) [[unlikely]]
    return take_in_from_peer();
  return progress::done;
}

// If the socket has been closed meanwhile, `close` has filtered the datagrams.
datagram_awaiter::progress datagram_awaiter::take_in_from_peer() noexcept {
  return !socket_ || keep_those_from_peer() ? progress::done : progress::unfinished;
}

bool datagram_awaiter::keep_those_from_peer() noexcept {
  if (is_peer(name_, name_size_)) return true;
  make_room_for_name();
  return false;
}

bool datagram_awaiter::is_peer(void const* name, std::size_t size) const noexcept {
  return socket_->is_peer(name, size);
}

datagram_awaiter::progress datagram_awaiter::take_in_failure() noexcept {
  if (!socket_) return progress::done;
  if (error_ == EAGAIN) return wait_for_room();
  // An ICMP report about an earlier datagram to another receiver, which does not affect this receive.
  bool const is_news_of_another = error_ == ECONNREFUSED && !is_output() && !socket_->is_connected();
  return is_news_of_another ? progress::unfinished : progress::done;
}

datagram_awaiter::progress datagram_awaiter::wait_for_room() noexcept {
  if (early_end_ != early_end::none || !socket_) {
    error_ = socket_ ? ECANCELED : EBADF;
    return progress::done;
  }
  if (!ends_if_full_)
    return progress::unfinished;  // connected since this attempt: the engine reports when there is room
  socket_->poll_for_room(*this);
  state_ = state::aside;
  waits_for_room_ = true;
  return progress::postponed;
}

void datagram_awaiter::go_on() noexcept {
  if (state_ != state::aside) return;
  waits_for_room_ = false;
  try_again_soon(waiting_branch().core());
}

void datagram_awaiter::receive_from_peer_only(bool on, engine::socket* watched) noexcept {
  if (on && what_ == kind::recvfrom && !name_) {
    // A datagram that was received without the name of its sender was received before the connect.
    if (state_ == state::started) {
      if (early_end_ != early_end::none || !watched->abandon(*this)) return;
      try_again_soon(waiting_branch().core());
    }
    notes_sender_ = true;
    make_room_for_name();
  }
  from_peer_only_ = on;
}

void datagram_awaiter::close(engine::socket* watched) noexcept {
  if (watched && from_peer_only_ && state_ == state::started) {
    if (watched->abandon(*this)) state_ = state::aside;
    else if (error_ == 0 && !keep_those_from_peer()) error_ = EBADF;
  }
  socket_closed();
}

void datagram_awaiter::try_again(engine::socket& watched) noexcept {
  if (waits_for_room_) go_on();
  // An operation that the engine has ended, or is about to end because it is canceled, keeps its result.
  if (state_ != state::started || early_end_ != early_end::none || !watched.abandon(*this)) return;
  try_again_soon(waiting_branch().core());
}

char const* datagram_awaiter::operation_name() const noexcept {
  switch (what_) {
    case kind::recv_batch: return "recv_batch";
    case kind::send_batch: return "send_batch";
    case kind::sendto: return name_ ? "sendto" : "send";
    default: return name_ && !notes_sender_ ? "recvfrom" : "recv";
  }
}

void datagram_awaiter::fail() const {
  auto const* const batch = what_ == kind::send_batch ? static_cast<send_batch_operation const*>(this) : nullptr;
  auto const moved = batch ? batch->sent_ : 0;
  if (error_ == ECANCELED) throw canceled(moved);
  if (!socket_ || error_ == EBADF) throw error(errc::closed, operation_name(), moved);
  if (batch && !socket_->is_connected())
    throw system_failure(error_, fmt::format("sendto {}", batch->destination(batch->first_refused_)), moved);
  if (is_output() && name_) throw system_failure(error_, fmt::format("sendto {}", name_of(name_, name_size_)));
  if (is_output()) throw system_failure(error_, fmt::format("send to {}", socket_->peer_name()), moved);
  if (socket_->is_connected()) throw system_failure(error_, fmt::format("recv from {}", socket_->peer_name()));
  throw system_failure(error_, fmt::format("{} on {}", operation_name(), socket_->local_name()));
}

shared_send_slots shared_send_slots::make() {
  shared_send_slots made;
  made.slots_ = new send_slots();
  made.slots_->references = 1;
  return made;
}
shared_send_slots::shared_send_slots(shared_send_slots const& other) noexcept : slots_(other.slots_) {
  if (slots_) ++slots_->references;
}
shared_send_slots& shared_send_slots::operator=(shared_send_slots other) noexcept {
  std::swap(slots_, other.slots_);
  return *this;
}
shared_send_slots::~shared_send_slots() {
  if (slots_ && --slots_->references == 0) delete slots_;
}

send_batch_operation::send_batch_operation(datagram_socket* socket, std::size_t count)
    : datagram_awaiter(kind::send_batch, socket),
      slots_(socket ? socket->send_slots() : shared_send_slots()),
      count_(count) {}

void send_batch_operation::refill() noexcept {
  slots_->clear(longest_refused_ != 0 ? 0 : socket_->longest_segment());
  fill(*slots_, next_, count_);
  buffer_ = slots_->messages();
}

datagram_awaiter::progress send_batch_operation::take_in_batch() noexcept {
  if (error_ == ECANCELED || error_ == EBADF) return progress::done;
  if (error_ == EAGAIN) return wait_for_room();
  if (error_ == 0) take_in_sent();
  else skip_refused();
  if (next_ != count_) return progress::unfinished;
  error_ = first_error_;
  return progress::done;
}

void send_batch_operation::take_in_sent() noexcept {
  auto const went = slots_->datagrams_in(moved_);
  next_ += went;
  sent_ += went;
  if (!socket_) return;
  // A datagram that was rejected together with its neighbors has been sent alone: remember the limit.
  if (longest_refused_ != 0) socket_->limit_segments(longest_refused_ - 1);
  longest_refused_ = 0;
  wait_ = 0;
}

/// The kernel rejected the first message. If it contained several datagrams, they are tried separately.
void send_batch_operation::skip_refused() noexcept {
  if (slots_->datagrams_in(1) > 1 && is_about_segments(error_)) {
    longest_refused_ = error_ == EIO ? 1 : slots_->segment_size_of_first();
    return;
  }
  longest_refused_ = 0;
  if (first_error_ == 0) {
    first_error_ = error_;
    first_refused_ = next_;
  }
  ++next_;
}

template class socket_awaiter<datagram_awaiter, datagram_operation>;

}  // namespace strait::detail
