// Who may use a datagram socket, and when it is worth looking for room.
#include "net/datagram_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

#include "net/socket_handle.hpp"

namespace strait::detail {
namespace {

constexpr std::chrono::milliseconds first_wait{1};
constexpr std::chrono::milliseconds longest_wait{50};

/// Whether one has to wait for the other: sends to different receivers, who may be full or not, do not.
bool concern_one_receiver(datagram_awaiter const& one, datagram_awaiter const& other) noexcept {
  if (!one.name_ || !other.name_) return true;
  return one.name_size_ == other.name_size_ && std::memcmp(one.name_, other.name_, one.name_size_) == 0;
}

}  // namespace

datagram_socket::~datagram_socket() {
  for (line* each : {&receivers_, &senders_})
    while (datagram_awaiter* const waiting = each->front()) {
      waiting->unlink();
      waiting->socket_closed();
    }
}

void datagram_socket::admit(datagram_awaiter& operation, loop_core& loop) {
  // unix(7) sockets are told when there is room again at the one peer that they are connected to, if any.
  operation.ends_if_full_ = is_local_ && operation.is_output() && (operation.name_ || !is_connected());
  if (has_receive_offload_ && operation.what_ == io_operation::kind::recvfrom)
    throw std::logic_error(fmt::format(
        "strait: recvfrom on {}, which has receive_offload: only recv_batch takes apart what comes joined", name()));
  if (loop_ != &loop) watch(loop, "release() it on the first and make a new socket of the descriptor on the other");
}

/// Whether something before `operation`, which is in its line or about to join it, is to be done first.
bool datagram_socket::must_wait(datagram_awaiter const& operation) noexcept {
  line& all = line_of(operation);
  for (auto* each = all.front(); each && each != &operation; each = all.next(*each))
    if (concern_one_receiver(*each, operation)) return true;
  return false;
}

void datagram_socket::go_on_after(datagram_awaiter const& ended) noexcept {
  line& all = line_of(ended);
  auto* const first = all.front();
  if (!first->ends_if_full_) {
    first->go_on();
    return;
  }
  // Those to other receivers go on when it is time to look for room.
  for (auto* each = first; each; each = all.next(*each))
    if (concern_one_receiver(ended, *each) && !must_wait(*each)) {
      each->go_on();
      return;
    }
}

void datagram_socket::poll_for_room() noexcept {
  if (poll_.is_set()) return;
  wait_ = std::clamp(2 * wait_, first_wait, longest_wait);
  poll_.set(*loop_, clock::now() + wait_);
}

void datagram_socket::room_poll::expired() noexcept {
  for (auto* each = of_.senders_.front(); each; each = of_.senders_.next(*each))
    if (each->ends_if_full_ && !of_.must_wait(*each)) each->go_on();
}

void datagram_socket::loop_ended() noexcept {
  poll_.reset();
  watched_socket::loop_ended();
}

void datagram_socket::connected_to(std::string peer) noexcept {
  peer_ = std::move(peer);
  if (auto* const first = senders_.front()) first->try_again(*watched_);
}

void datagram_socket::note_whether_connected(int descriptor) {
  socket_name peer;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer.address), &peer.size) == 0)
    peer_ = name_of(&peer.address, peer.size);
}

std::string datagram_socket::name() const { return fmt::format("the socket on {}", local_name()); }

std::string datagram_socket::local_name() const {
  auto const name = local_name_of(native_handle(), "local endpoint");
  return name_of(&name.address, name.size);
}

template class socket_handle<datagram_socket>;
template class data_socket_handle<datagram_socket>;

void forget_error(int descriptor) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  static_cast<void>(::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size));
}

void keep_port(int descriptor, endpoint const& before, std::string_view context) {
  auto const now = local_endpoint_of(descriptor);
  if (now.port() == before.port()) return;
  if (int const failure = bind_to(descriptor, now.with_port(before.port()))) throw system_failure(failure, context);
}

}  // namespace strait::detail
