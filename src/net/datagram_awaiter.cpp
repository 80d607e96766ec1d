// What the operations of datagram sockets do from the first attempt to the result.
#include "strait/net/detail/datagram_awaiter.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>

#include "net/datagram_socket.hpp"
#include "net/socket_awaiter.hpp"

namespace strait::detail {
namespace {

constexpr std::chrono::milliseconds first_back_off{1};
constexpr std::chrono::milliseconds longest_back_off{50};

/// Whether the system may have refused a message because it cannot divide it: the segments are longer than the path
/// takes (EINVAL, EMSGSIZE), the device cannot make their checksums (EIO), or the kernel is older than Linux 4.18.
bool is_about_segments(int error) noexcept { return error == EINVAL || error == EMSGSIZE || error == EIO; }

}  // namespace

datagram_awaiter::datagram_awaiter(kind what, datagram_socket* socket, const_buffer buffer, const_buffers more) noexcept
    : socket_awaiter(what, buffer), socket_(socket) {
  more_ = more;
  ends_if_full_ = socket && is_output() && socket->must_poll_for_room();
}

bool datagram_awaiter::is_done_already() {
  if (what_ == kind::recvfrom && socket_->has_receive_offload()) [[unlikely]]
    throw std::logic_error(
        fmt::format("strait: recvfrom on the socket on {}, which has receive_offload: what comes joined, only "
                    "recv_batch takes apart",
                    socket_->local_name()));
  if (what_ == kind::send_batch) return static_cast<send_batch_operation*>(this)->count_ == 0;
  if (more_.size() < most_buffers) [[likely]]
    return false;
  error_ = EMSGSIZE;
  return true;
}

inline void datagram_awaiter::prepare() noexcept {
  if (what_ == kind::send_batch) static_cast<send_batch_operation*>(this)->refill();
}

inline datagram_awaiter::progress datagram_awaiter::take_in(loop_core& loop) noexcept {
  if (what_ == kind::send_batch) return static_cast<send_batch_operation*>(this)->take_in_batch(loop);
  if (error_ == 0) [[likely]]
    return progress::done;
  return take_in_failure(loop);
}

datagram_awaiter::progress datagram_awaiter::take_in_failure(loop_core& loop) noexcept {
  if (!socket_) return progress::done;
  if (error_ == EAGAIN) return back_off(loop);
  // Someone did not want an earlier datagram of ours, which does not concern those that others send us.
  bool const is_news_of_another = error_ == ECONNREFUSED && !is_output() && !socket_->is_connected();
  return is_news_of_another ? progress::unfinished : progress::done;
}

datagram_awaiter::progress datagram_awaiter::back_off(loop_core& loop) noexcept {
  if (early_end_ != early_end::none) {
    error_ = ECANCELED;
    return progress::done;
  }
  back_off_ = std::clamp(2 * back_off_, first_back_off, longest_back_off);
  state_ = state::aside;
  set(loop, clock::now() + back_off_);
  return progress::postponed;
}

void datagram_awaiter::expired() noexcept { try_again_soon(waiting_branch().core()); }

void datagram_awaiter::go_on() noexcept {
  if (state_ == state::aside && !is_set()) try_again_soon(waiting_branch().core());
}

void datagram_awaiter::fail() const {
  auto const* const batch = what_ == kind::send_batch ? static_cast<send_batch_operation const*>(this) : nullptr;
  auto const moved = batch ? batch->sent_ : 0;
  if (error_ == ECANCELED) throw canceled(moved);
  char const* const doing = what_ == kind::recv_batch ? "recv_batch"
                            : batch                   ? "send_batch"
                            : is_output()             ? (name_ ? "sendto" : "send")
                                                      : (name_ ? "recvfrom" : "recv");
  if (!socket_ || error_ == EBADF) throw error(errc::closed, doing, moved);
  if (batch && !socket_->is_connected())
    throw system_failure(error_, fmt::format("sendto {}", batch->destination(batch->first_refused_)), moved);
  if (is_output() && name_) throw system_failure(error_, fmt::format("sendto {}", name_of(name_, name_size_)));
  if (is_output()) throw system_failure(error_, fmt::format("send to {}", socket_->peer_name()), moved);
  if (socket_->is_connected()) throw system_failure(error_, fmt::format("recv from {}", socket_->peer_name()));
  throw system_failure(error_, fmt::format("{} on {}", doing, socket_->local_name()));
}

send_batch_operation::send_batch_operation(datagram_socket* socket, std::size_t count)
    : datagram_awaiter(kind::send_batch, socket), count_(count) {
  if (socket) socket->make_send_slots();
}

void send_batch_operation::refill() noexcept {
  send_slots& slots = socket_->send_slots();
  slots.clear(longest_refused_ != 0 ? 0 : socket_->longest_segment());
  fill(slots, next_, count_);
  buffer_ = slots.messages();
}

datagram_awaiter::progress send_batch_operation::take_in_batch(loop_core& loop) noexcept {
  if (!socket_ || error_ == ECANCELED || error_ == EBADF) return progress::done;
  if (error_ == EAGAIN) return back_off(loop);
  if (error_ == 0) {
    // Undivided it was refused, but by itself it is not: remember.
    if (longest_refused_ != 0) socket_->limit_segments(longest_refused_ - 1);
    auto const went = socket_->send_slots().datagrams_in(moved_);
    next_ += went;
    sent_ += went;
    back_off_ = {};
    longest_refused_ = 0;
  } else {
    skip_refused();
  }
  if (next_ != count_) return progress::unfinished;
  error_ = first_error_;
  return progress::done;
}

/// The system did not take the first message. If that was several datagrams, perhaps it takes them one by one.
void send_batch_operation::skip_refused() noexcept {
  send_slots const& slots = socket_->send_slots();
  auto const datagrams = slots.datagrams_in(1);
  if (datagrams > 1 && is_about_segments(error_)) {
    longest_refused_ = error_ == EIO ? 1 : slots.segment_size_of_first();
    return;
  }
  longest_refused_ = 0;
  if (first_error_ == 0) {
    first_error_ = error_;
    first_refused_ = next_;
  }
  next_ += datagrams;
}

template class socket_awaiter<datagram_awaiter, datagram_operation>;

datagram_socket::~datagram_socket() {
  for (line* each : {&receivers_, &senders_})
    while (datagram_awaiter* const waiting = each->front()) {
      waiting->unlink();
      waiting->socket_closed();
    }
}

void datagram_socket::note_whether_connected(int descriptor) noexcept {
  socket_name peer;
  is_connected_ = ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer.address), &peer.size) == 0;
}

std::string datagram_socket::name() const { return fmt::format("the socket on {}", local_name()); }

std::string datagram_socket::local_name() const {
  auto const name = local_name_of(native_handle(), "local endpoint");
  return name_of(&name.address, name.size);
}

std::string datagram_socket::peer_name() const {
  socket_name name;
  bool const is_known = ::getpeername(native_handle(), reinterpret_cast<sockaddr*>(&name.address), &name.size) == 0;
  return is_known ? name_of(&name.address, name.size) : "no one";
}

}  // namespace strait::detail
