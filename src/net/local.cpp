// local: streams, listeners and datagram sockets within this host.
#include "strait/net/local.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/standard_streams.hpp"
#include "net/basic_datagram_socket.hpp"
#include "net/descriptor.hpp"
#include "net/listener_socket.hpp"
#include "net/local_stream_socket.hpp"
#include "net/socket_file.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/timeout.hpp"

namespace strait {

template class basic_datagram_buffer<local::endpoint>;
template class basic_datagram_socket<local::endpoint>;

namespace detail {
namespace {

/// Throws unless `descriptor` is a local socket of this type.
void check_kind(int descriptor, int type, std::string_view context) {
  bool const is_local = local_name_of(descriptor, context).address.ss_family == AF_UNIX;
  if (!is_local || get_option(descriptor, SOL_SOCKET, SO_TYPE, context) != type)
    throw error(std::make_error_code(std::errc::invalid_argument), context,
                "the descriptor is a different kind of socket");
}

std::array<unique_descriptor, 2> connected_pair(int type, std::string_view context) {
  int made[2];
  if (::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, made) != 0) throw system_failure(errno, context);
  std::array pair{unique_descriptor(above_standard_streams(made[0])),
                  unique_descriptor(above_standard_streams(made[1]))};
  if (pair[0].get() < 0 || pair[1].get() < 0) throw system_failure(errno, context);
  return pair;
}

/// Creates a `Socket` from `descriptor` and transfers its ownership.
template <class Socket>
Socket take_over(unique_descriptor& descriptor) {
  Socket made(descriptor.get());
  static_cast<void>(descriptor.release());
  return made;
}

/// A listener that removes its file when it is closed.
class local_listener_socket final : private socket_file_owner, public listener_socket_at<local::endpoint> {
 public:
  local_listener_socket(local::endpoint const& where, std::unique_ptr<socket_file> file)
      : socket_file_owner(std::move(file)), listener_socket_at(where) {}
};

}  // namespace

template class recv_batch_awaiter<local::endpoint>;
template class send_batch_awaiter<local::endpoint>;

template <>
local::stream accept_awaiter_for<local::stream>::await_resume() {
  unique_descriptor connection(take_connection());
  return local_stream_socket::make_stream(std::move(connection));
}

local::stream local_stream_socket::make_stream(unique_descriptor descriptor) {
  auto* const made = new local_stream_socket;
  made->own(descriptor.release());
  return local::stream(made);
}

std::string local_stream_socket::peer_name() const {
  auto const peer = remote_name_of(native_handle(), "remote endpoint").as<local::endpoint>();
  auto const here = local_name_of(native_handle(), "local endpoint").as<local::endpoint>();
  return peer.is_unnamed() && !here.is_unnamed() ? fmt::format("a client of {}", here) : peer.to_string();
}

}  // namespace detail

namespace local {

using detail::system_failure;

stream::stream(int descriptor) {
  constexpr auto context = "take over a local connection";
  detail::check_kind(descriptor, SOCK_STREAM, context);
  static_cast<void>(detail::remote_name_of(descriptor, context));
  detail::set_non_blocking(descriptor, context);
  socket_ = new detail::local_stream_socket;
  socket_->own(descriptor);
}

credentials stream::peer_credentials() const {
  constexpr auto context = "peer_credentials";
  int const descriptor = open_handle(context);
#if defined(SO_PEERCRED)
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) throw system_failure(errno, context);
  // unix(7) and pid_namespaces(7): 0 for a process that is not visible in this process's PID namespace.
  if (peer.pid == 0) return {std::nullopt, peer.uid, peer.gid};
  return {peer.pid, peer.uid, peer.gid};
#else
  uid_t user = 0;
  gid_t group = 0;
  if (::getpeereid(descriptor, &user, &group) != 0) throw system_failure(errno, context);
  return {std::nullopt, user, group};
#endif
}

endpoint stream::local_endpoint() const {
  constexpr auto context = "local_endpoint";
  return detail::local_name_of(open_handle(context), context).as<endpoint>();
}
endpoint stream::remote_endpoint() const {
  constexpr auto context = "remote_endpoint";
  return detail::remote_name_of(open_handle(context), context).as<endpoint>();
}

std::pair<stream, stream> stream_pair() {
  auto ends = detail::connected_pair(SOCK_STREAM, "stream_pair");
  auto first = detail::take_over<stream>(ends[0]);
  return {std::move(first), detail::take_over<stream>(ends[1])};
}

listener::listener(int descriptor) {
  constexpr auto context = "take over a local listener";
  detail::check_kind(descriptor, SOCK_STREAM, context);
  detail::set_non_blocking(descriptor, context);
  auto const where = detail::local_name_of(descriptor, context).as<endpoint>();
  socket_ = new detail::local_listener_socket(where, nullptr);
  socket_->own(descriptor);
}

endpoint listener::local_endpoint() const {
  require_open("local_endpoint");
  return static_cast<detail::local_listener_socket const*>(socket_)->endpoint();
}

listener listen(endpoint const& where, listen_options options) {
  auto const context = fmt::format("listen on {}", where);
  std::unique_ptr<detail::socket_file> file;  // must outlive the descriptor
  auto descriptor = detail::open_socket(AF_UNIX, SOCK_STREAM, context);
  file = detail::bind_local(descriptor.get(), where, options.permissions, context);
  if (::listen(descriptor.get(), options.backlog) != 0) throw system_failure(errno, context);
  auto const actual = detail::local_name_of(descriptor.get(), context).as<endpoint>();
  auto* const made = new detail::local_listener_socket(actual, std::move(file));
  made->own(descriptor.release());
  return listener(made);
}

listener listen(std::string_view where, listen_options options) {
  return listen(detail::parse_for<endpoint>("listen", where), options);
}

namespace {

constexpr std::chrono::milliseconds first_wait{1};
constexpr std::chrono::milliseconds longest_wait{50};

/// A local connect succeeds or fails at once. Only if the listener's backlog is full it would have to wait, and the
/// kernel does not report when there is room: connect(2), EAGAIN.
task<stream> connect_when_there_is_room(endpoint to, std::string context) {
  auto descriptor = detail::open_socket(AF_UNIX, SOCK_STREAM, context);
  auto wait = first_wait;
  co_await yield();  // throws if the task is canceled already
  while (int const failure = detail::connect_to(descriptor.get(), to)) {
    if (failure != EAGAIN && failure != EINTR) throw system_failure(failure, context);
    co_await sleep_for(wait);
    wait = std::min(2 * wait, longest_wait);
  }
  co_return detail::local_stream_socket::make_stream(std::move(descriptor));
}

task<stream> connect_in_time(endpoint to, std::chrono::milliseconds limit) {
  auto const context = fmt::format("connect to {}", to);
  if (limit == std::chrono::milliseconds(0)) co_return co_await connect_when_there_is_room(to, context);
  try {
    co_return co_await timeout(limit, connect_when_there_is_room(to, context));
  } catch (timed_out const&) {
    throw timed_out(context);
  }
}

}  // namespace

task<stream> connect(endpoint const& to, connect_options options) { return connect_in_time(to, options.timeout); }
task<stream> connect(std::string_view to, connect_options options) {
  return connect_in_time(detail::parse_for<endpoint>("connect", to), options.timeout);
}

socket::socket(int descriptor) {
  constexpr auto context = "take over a local datagram socket";
  detail::check_kind(descriptor, SOCK_DGRAM, context);
  detail::set_non_blocking(descriptor, context);
  socket_ = new detail::datagram_socket(/*is_local=*/true);
  socket_->note_whether_connected(descriptor);
  socket_->own(descriptor);
}

socket bind(endpoint const& where, bind_options options) {
  auto const context = fmt::format("bind {}", where);
  std::unique_ptr<detail::socket_file> file;  // outlives the descriptor
  auto descriptor = detail::open_socket(AF_UNIX, SOCK_DGRAM, context);
  file = detail::bind_local(descriptor.get(), where, options.permissions, context);
  auto made = detail::take_over<socket>(descriptor);
  made.socket_->own_file(std::move(file));
  return made;
}

socket bind(std::string_view where, bind_options options) {
  return bind(detail::parse_for<endpoint>("bind", where), options);
}

std::pair<socket, socket> socket_pair() {
  auto ends = detail::connected_pair(SOCK_DGRAM, "socket_pair");
  auto first = detail::take_over<socket>(ends[0]);
  return {std::move(first), detail::take_over<socket>(ends[1])};
}

}  // namespace local
}  // namespace strait
