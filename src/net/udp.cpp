// udp::socket: binding, connecting, options.
#include "strait/net/udp.hpp"

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "net/basic_datagram_socket.hpp"
#include "net/descriptor.hpp"
#include "strait/net/resolve.hpp"

namespace strait {

template class basic_datagram_buffer<endpoint>;
template class basic_datagram_socket<endpoint>;

namespace detail {

template class recv_batch_awaiter<endpoint>;
template class send_batch_awaiter<endpoint>;

}  // namespace detail

namespace udp {
namespace {

using detail::get_option;
using detail::set_option;
using detail::system_failure;

/// The index of the interface with this name; 0, which lets the kernel choose, if the name is empty.
unsigned index_of(std::string_view interface, std::string_view context) {
  if (interface.empty()) return 0;
  bool const has_nul = interface.find('\0') != interface.npos;
  unsigned const index = has_nul ? 0 : ::if_nametoindex(std::string(interface).c_str());
  if (index == 0) throw system_failure(ENODEV, fmt::format("{} on {}", context, interface));
  return index;
}

bool is_v6(int descriptor) { return detail::local_name_of(descriptor, "local endpoint").address.ss_family == AF_INET6; }
/// Whether it sends IPv4 datagrams, as an IPv6 socket does, too, unless it is v6_only.
bool is_v4(int descriptor, std::string_view context) {
  return !is_v6(descriptor) || get_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, context) == 0;
}

/// Sets an option that has a different name in each IP version, for the versions that the socket sends.
void set_for_versions(int descriptor, int v4_name, int v6_name, int value, std::string_view context) {
  if (is_v6(descriptor)) set_option(descriptor, IPPROTO_IPV6, v6_name, value, context);
  if (is_v4(descriptor, context)) set_option(descriptor, IPPROTO_IP, v4_name, value, context);
}

/// The kernel would treat -1 as its default.
void refuse_hops_below(int least, int hops, std::string_view context) {
  if (hops < least) throw system_failure(EINVAL, context);
}

bool is_multicast(endpoint const& group) {
  sockaddr_storage system{};
  group.to_sockaddr(&system);
  if (group.is_v4()) return IN_MULTICAST(ntohl(reinterpret_cast<sockaddr_in const&>(system).sin_addr.s_addr));
  return IN6_IS_ADDR_MULTICAST(&reinterpret_cast<sockaddr_in6 const&>(system).sin6_addr);
}

/// Joins or leaves a group.
void change_membership(int descriptor, endpoint const& group, std::string_view interface, bool join) {
  auto const context = fmt::format("{} group {}", join ? "join" : "leave", group.address());
  if (!is_multicast(group))
    throw error(std::make_error_code(std::errc::invalid_argument), context, "not a multicast address");
  group_req request{};
  request.gr_interface = index_of(interface, context);
  group.to_sockaddr(&request.gr_group);
  int const level = group.is_v4() ? IPPROTO_IP : IPPROTO_IPV6;
  if (::setsockopt(descriptor, level, join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP, &request, sizeof request) != 0)
    throw system_failure(errno, context);
}

bool turn_on_receive_offload([[maybe_unused]] int descriptor) noexcept {
#if defined(UDP_GRO)
  int const on = 1;
  return ::setsockopt(descriptor, SOL_UDP, UDP_GRO, &on, sizeof on) == 0;
#else
  return false;
#endif
}

/// By default, a Linux socket receives the datagrams of every group that any socket on this host has joined: ip(7),
/// IP_MULTICAST_ALL.
void receive_own_groups_only([[maybe_unused]] int descriptor, [[maybe_unused]] endpoint const& like) noexcept {
  [[maybe_unused]] int const off = 0;
#if defined(IP_MULTICAST_ALL)
  static_cast<void>(::setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off));
#endif
#if defined(IPV6_MULTICAST_ALL)
  if (like.is_v6()) static_cast<void>(::setsockopt(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, sizeof off));
#endif
}

bool has_receive_offload([[maybe_unused]] int descriptor) {
#if defined(UDP_GRO)
  int on = 0;
  socklen_t size = sizeof on;
  return ::getsockopt(descriptor, SOL_UDP, UDP_GRO, &on, &size) == 0 && on != 0;
#else
  return false;
#endif
}

}  // namespace

socket::socket(int descriptor) {
  constexpr auto context = "take over a UDP socket";
  auto const family = detail::local_name_of(descriptor, context).address.ss_family;
  bool is_udp =
      (family == AF_INET || family == AF_INET6) && get_option(descriptor, SOL_SOCKET, SO_TYPE, context) == SOCK_DGRAM;
#if defined(SO_PROTOCOL)
  is_udp = is_udp && get_option(descriptor, SOL_SOCKET, SO_PROTOCOL, context) == IPPROTO_UDP;
#endif
  if (!is_udp)
    throw error(std::make_error_code(std::errc::invalid_argument), context,
                "the descriptor is a different kind of socket");
  detail::set_non_blocking(descriptor, context);
  socket_ = new detail::datagram_socket(/*is_local=*/false);
  socket_->note_whether_connected(descriptor);
  if (has_receive_offload(descriptor)) socket_->set_receive_offload();
  socket_->own(descriptor);
}

void socket::broadcast(bool on) { set_option(open_handle("broadcast"), SOL_SOCKET, SO_BROADCAST, on, "broadcast"); }

void socket::ttl(int hops) {
  constexpr auto context = "ttl";
  int const descriptor = open_handle(context);
  refuse_hops_below(1, hops, context);
  set_for_versions(descriptor, IP_TTL, IPV6_UNICAST_HOPS, hops, context);
}
int socket::ttl() const {
  int const descriptor = open_handle("ttl");
  return is_v6(descriptor) ? get_option(descriptor, IPPROTO_IPV6, IPV6_UNICAST_HOPS, "ttl")
                           : get_option(descriptor, IPPROTO_IP, IP_TTL, "ttl");
}

void socket::join_group(endpoint const& group, std::string_view interface) {
  change_membership(open_handle("join_group"), group, interface, true);
}
void socket::leave_group(endpoint const& group, std::string_view interface) {
  change_membership(open_handle("leave_group"), group, interface, false);
}

void socket::multicast_interface(std::string_view interface) {
  constexpr auto context = "multicast_interface";
  int const descriptor = open_handle(context);
  auto const index = static_cast<int>(index_of(interface, context));
  if (is_v6(descriptor)) set_option(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF, index, context);
  if (!is_v4(descriptor, context)) return;
  ip_mreqn choice{};
  choice.imr_ifindex = index;
  if (::setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_IF, &choice, sizeof choice) != 0)
    throw system_failure(errno, context);
}

void socket::multicast_ttl(int hops) {
  constexpr auto context = "multicast_ttl";
  int const descriptor = open_handle(context);
  refuse_hops_below(0, hops, context);
  set_for_versions(descriptor, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS, hops, context);
}

void socket::multicast_loopback(bool on) {
  constexpr auto context = "multicast_loopback";
  set_for_versions(open_handle(context), IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP, on, context);
}

socket bind(endpoint const& where, bind_options options) {
  auto const context = fmt::format("bind {}", where);
  auto descriptor = detail::open_socket(detail::family_of(where), SOCK_DGRAM, context);
  if (options.reuse_address) set_option(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, 1, context);
  if (options.reuse_port) set_option(descriptor.get(), SOL_SOCKET, SO_REUSEPORT, 1, context);
  if (where.is_v6()) set_option(descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only, context);
  receive_own_groups_only(descriptor.get(), where);
  if (int const failure = detail::bind_to(descriptor.get(), where)) throw system_failure(failure, context);
  socket made(descriptor.get());
  static_cast<void>(descriptor.release());
  if (options.receive_offload && turn_on_receive_offload(made.native_handle())) made.socket_->set_receive_offload();
  if (options.send_offload) made.socket_->limit_segments(detail::max_datagram_bytes);
  return made;
}

socket bind(std::string_view where, bind_options options) {
  return bind(detail::parse_for<endpoint>("bind", where), options);
}

std::vector<socket> bind_shared(endpoint const& where, std::size_t count, bind_options options) {
  // SO_REUSEPORT shares the port with unrelated sockets of the same user, too: check first that there are none.
  options.reuse_port = false;
  if (where.port() != 0) bind(where, options).close();

  options.reuse_port = true;
  std::vector<socket> all;
  all.reserve(count);
  while (all.size() < count) all.push_back(bind(all.empty() ? where : all.front().local_endpoint(), options));
  return all;
}

std::vector<socket> bind_shared(std::string_view where, std::size_t count, bind_options options) {
  return bind_shared(detail::parse_for<endpoint>("bind", where), count, options);
}

namespace {

socket connected_to(endpoint const& peer, bind_options options) {
  auto const anywhere = peer.is_v4() ? endpoint::any_v4(0) : endpoint::any_v6(0);
  auto made = bind(anywhere, options);
  made.connect(peer);
  // The kernel may have chosen the port of a peer that does not exist; while that socket stays open, it is not chosen
  // again.
  while (detail::is_connected_to_itself(made.native_handle(), peer.port())) {
    auto another = bind(anywhere, options);
    another.connect(peer);
    made = std::move(another);
  }
  return made;
}

task<socket> connect_to(endpoint peer, bind_options options) { co_return connected_to(peer, options); }

task<socket> look_up_and_connect(task<std::vector<endpoint>> look_up, bind_options options) {
  auto const addresses = co_await std::move(look_up);
  for (auto each = addresses.begin(); each != addresses.end() - 1; ++each) {
    try {
      co_return connected_to(*each, options);
    } catch (error const&) {  // no route: try the next one
    }
  }
  co_return connected_to(addresses.back(), options);
}

}  // namespace

task<socket> connect(endpoint const& peer, bind_options options) { return connect_to(peer, options); }
task<socket> connect(std::string_view host_and_port, bind_options options) {
  if (auto const known = endpoint::try_parse(host_and_port)) return connect_to(*known, options);
  return look_up_and_connect(resolve(host_and_port), options);
}
task<socket> connect(std::string_view host, std::uint16_t port, bind_options options) {
  if (host == "localhost") return connect_to(endpoint::loopback_v4(port), options);
  return look_up_and_connect(resolve(host, std::to_string(port)), options);
}

}  // namespace udp
}  // namespace strait
