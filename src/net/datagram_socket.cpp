// Datagram sockets: admission of operations, and polling for room at full receivers.
#include "net/datagram_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "net/socket_handle.hpp"
#include "strait/net/datagram.hpp"

namespace strait::detail {
namespace {

constexpr unsigned char first_wait = 1;
constexpr unsigned char longest_wait = 50;

/// Whether both are the same address and port or, for local sockets, the same file or abstract name.
bool are_same(socket_name const& one, void const* other, std::size_t size) noexcept {
  if (size < sizeof(sa_family_t)) return false;
  switch (static_cast<sockaddr const*>(other)->sa_family) {
    case AF_INET: {
      auto const& mine = reinterpret_cast<sockaddr_in const&>(one.address);
      auto const& its = *static_cast<sockaddr_in const*>(other);
      return mine.sin_family == AF_INET && mine.sin_port == its.sin_port && mine.sin_addr.s_addr == its.sin_addr.s_addr;
    }
    case AF_INET6: {
      // The scope is not compared: for an interface that belongs to a bridge or VRF, the kernel reports a different
      // one.
      auto const& mine = reinterpret_cast<sockaddr_in6 const&>(one.address);
      auto const& its = *static_cast<sockaddr_in6 const*>(other);
      return mine.sin6_family == AF_INET6 && mine.sin6_port == its.sin6_port &&
             std::memcmp(&mine.sin6_addr, &its.sin6_addr, sizeof its.sin6_addr) == 0;
    }
    default: return one.size == size && std::memcmp(&one.address, other, size) == 0;
  }
}

}  // namespace

datagram_socket::~datagram_socket() {
  senders_.clear([this](datagram_awaiter& waiting) { waiting.close(watched_); });
  while (datagram_awaiter* const waiting = receivers_.front()) {
    waiting->unlink();
    waiting->close(watched_);
  }
}

void datagram_socket::admit(datagram_awaiter& operation, loop_core& loop) {
  // A unix(7) socket is notified of room only at the one peer that it is connected to.
  operation.ends_if_full_ = is_local_ && operation.is_output() && (operation.name_ || !is_connected());
  if (peer_names_[0].size != 0 && !operation.is_output()) operation.receive_from_peer_only(true, watched_);
  if (has_receive_offload_ && operation.what_ == io_operation::kind::recvfrom)
    throw std::logic_error(fmt::format(
        "strait: recvfrom on {}, which has receive_offload enabled: use recv_batch, which splits coalesced datagrams",
        name()));
  if (loop_ != &loop)
    watch(loop, "call release() on the first loop and construct a new socket from the descriptor on the second");
}

void datagram_socket::poll_for_room(datagram_awaiter& operation) noexcept {
  operation.wait_ = std::clamp(static_cast<unsigned char>(2 * operation.wait_), first_wait, longest_wait);
  operation.retry_at_ = clock::now() + std::chrono::milliseconds(operation.wait_);
  look_for_room_at(operation.retry_at_);
}

void datagram_socket::look_for_room_at(clock::time_point when) noexcept {
  if (poll_.is_set()) {
    if (poll_.when() <= when) return;
    poll_.reset();
  }
  poll_.set(*loop_, when);
}

void datagram_socket::room_poll::expired() noexcept {
  auto const now = clock::now();
  auto next = clock::time_point::max();
  of_.senders_.for_each([&](datagram_awaiter& each) {
    if (!each.waits_for_room_) return;
    if (each.retry_at_ <= now) each.go_on();
    else next = std::min(next, each.retry_at_);
  });
  if (next != clock::time_point::max()) of_.look_for_room_at(next);
}

void datagram_socket::loop_ended() noexcept {
  poll_.reset();
  watched_socket::loop_ended();
}

void datagram_socket::connected_to(std::string peer, void const* address, std::size_t size) noexcept {
  peer_ = std::move(peer);
  note_peer_name(native_handle());
  std::memcpy(&peer_names_[1].address, address, size);
  peer_names_[1].size = static_cast<socklen_t>(size);
  peer_changed();
}

void datagram_socket::disconnected() noexcept {
  peer_.clear();
  peer_names_ = {socket_name{{}, 0}, socket_name{{}, 0}};
  peer_changed();
}

// A peer without a name, as in a socket pair, has been the only one from the beginning.
void datagram_socket::note_peer_name(int descriptor) noexcept {
  socket_name& name = peer_names_[0];
  name = {};
  bool const has_peer = ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&name.address), &name.size) == 0;
  if (!has_peer || name.size <= sizeof(sa_family_t)) name.size = 0;
}

bool datagram_socket::is_peer(void const* name, std::size_t size) const noexcept {
  return are_same(peer_names_[0], name, size) || are_same(peer_names_[1], name, size);
}

void datagram_socket::peer_changed() noexcept {
  bool const is_named = peer_names_[0].size != 0;
  has_rules_ = is_local_ || has_receive_offload_ || is_named;
  for (auto* each = receivers_.front(); each; each = receivers_.next(*each))
    each->receive_from_peer_only(is_named, watched_);
  senders_.for_each([this](datagram_awaiter& each) {
    if (each.has_receiver_of_its_own()) return;
    each.ends_if_full_ = is_local_ && !is_connected();
    each.try_again(*watched_);
  });
}

void datagram_socket::note_whether_connected(int descriptor) {
  socket_name peer;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer.address), &peer.size) != 0) return;
  peer_ = name_of(&peer.address, peer.size);
  note_peer_name(descriptor);
  peer_changed();
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
  auto const where = now.with_port(before.port());
  if (int const failure = bind_to(descriptor, where))
    throw system_failure(failure, fmt::format("{}: bind {} again", context, where));
}

}  // namespace strait::detail
