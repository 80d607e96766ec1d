// tcp::stream and tcp::listener: creation, options, addresses.
#include "strait/net/tcp.hpp"

#include <array>
#include <cerrno>
#include <cstdint>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "net/descriptor.hpp"
#include "net/listener_socket.hpp"
#include "net/tcp_stream_socket.hpp"

namespace strait::tcp {

using detail::get_option;
using detail::set_option;
using detail::system_failure;

namespace {

#if defined(TCP_KEEPIDLE)
constexpr int keep_idle = TCP_KEEPIDLE;
#else
constexpr int keep_idle = TCP_KEEPALIVE;
#endif

/// Checks that `value` is from 1 to `most`; these are the limits of tcp(7) on Linux.
int in_range(std::int64_t value, int most, std::string_view name, std::string_view context) {
  if (value < 1 || value > most)
    throw error(std::make_error_code(std::errc::invalid_argument), context,
                fmt::format("invalid argument: {} is {}; the range is from 1 to {}", name, value, most));
  return static_cast<int>(value);
}

/// Changes of several options, which are undone unless `keep` is called.
class option_changes {
 public:
  option_changes(int descriptor, std::string_view context) noexcept : descriptor_(descriptor), context_(context) {}
  option_changes(option_changes const&) = delete;
  option_changes& operator=(option_changes const&) = delete;
  ~option_changes() {
    while (count_ != 0) {
      change const& last = before_[--count_];
      static_cast<void>(::setsockopt(descriptor_, last.level, last.name, &last.value, sizeof last.value));
    }
  }
  void set(int level, int name, int value) {
    change const before{level, name, get_option(descriptor_, level, name, context_)};
    set_option(descriptor_, level, name, value, context_);
    before_.at(count_++) = before;
  }
  void keep() noexcept { count_ = 0; }

 private:
  struct change {
    int level;
    int name;
    int value;
  };
  int descriptor_;
  std::string_view context_;
  std::array<change, 4> before_{};
  std::size_t count_ = 0;
};

}  // namespace

stream::stream(int descriptor) {
  constexpr auto context = "take over a connection";
  auto const peer = detail::remote_name_of(descriptor, context).as<endpoint>();
  detail::set_non_blocking(descriptor, context);
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1, context);
  socket_ = new detail::tcp_stream_socket(peer);
  socket_->own(descriptor);
}

void stream::no_delay(bool on) { set_option(open_handle("no_delay"), IPPROTO_TCP, TCP_NODELAY, on, "no_delay"); }
bool stream::no_delay() const { return get_option(open_handle("no_delay"), IPPROTO_TCP, TCP_NODELAY, "no_delay") != 0; }

void stream::keep_alive(std::chrono::seconds idle, std::chrono::seconds interval, int probes) {
  constexpr auto context = "keep_alive";
  int const descriptor = open_handle(context);
  if (idle.count() == 0) {
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 0, context);
    return;
  }
  int const idle_seconds = in_range(idle.count(), 32'767, "idle", context);
  int const interval_seconds = in_range(interval.count(), 32'767, "interval", context);
  in_range(probes, 127, "probes", context);

  option_changes changes(descriptor, context);
  changes.set(IPPROTO_TCP, keep_idle, idle_seconds);
  changes.set(IPPROTO_TCP, TCP_KEEPINTVL, interval_seconds);
  changes.set(IPPROTO_TCP, TCP_KEEPCNT, probes);
  changes.set(SOL_SOCKET, SO_KEEPALIVE, 1);
  changes.keep();
}

void stream::close_with_reset() noexcept {
  if (!is_open()) return;
  linger const no_time{1, 0};  // socket(7), SO_LINGER
  ::setsockopt(native_handle(), SOL_SOCKET, SO_LINGER, &no_time, sizeof no_time);
  close();
}

endpoint stream::local_endpoint() const { return detail::local_endpoint_of(open_handle("local_endpoint")); }
endpoint stream::remote_endpoint() const {
  require_open("remote_endpoint");
  return static_cast<detail::tcp_stream_socket const*>(socket_)->peer();
}

listener::listener(int descriptor) {
  constexpr auto context = "take over a listener";
  detail::set_non_blocking(descriptor, context);
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1, context);
  socket_ = new detail::listener_socket_at<endpoint>(detail::local_endpoint_of(descriptor));
  socket_->own(descriptor);
}

endpoint listener::local_endpoint() const {
  require_open("local_endpoint");
  return static_cast<detail::listener_socket_at<endpoint> const*>(socket_)->endpoint();
}

listener listen(endpoint const& where, listen_options options) {
  auto const context = fmt::format("listen on {}", where);
  auto socket = detail::open_socket(detail::family_of(where), SOCK_STREAM, context);
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, options.reuse_address, context);
  if (options.reuse_port) set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1, context);
  if (where.is_v6()) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only, context);
  if (int const failure = detail::bind_to(socket.get(), where)) throw system_failure(failure, context);
  if (::listen(socket.get(), options.backlog) != 0) throw system_failure(errno, context);
  listener made(socket.get());
  static_cast<void>(socket.release());
  return made;
}

listener listen(std::string_view where, listen_options options) {
  return listen(detail::parse_for<endpoint>("listen", where), options);
}

std::vector<listener> listen_shared(endpoint const& where, std::size_t count, listen_options options) {
  // Who shares a port shares it with strangers, too; so see first that there are none.
  options.reuse_port = false;
  if (where.port() != 0) listen(where, options).close();

  options.reuse_port = true;
  std::vector<listener> all;
  all.reserve(count);
  while (all.size() < count) all.push_back(listen(all.empty() ? where : all.front().local_endpoint(), options));
  return all;
}

std::vector<listener> listen_shared(std::string_view where, std::size_t count, listen_options options) {
  return listen_shared(detail::parse_for<endpoint>("listen", where), count, options);
}

namespace {

// Whether the host does not support the protocol, or has no address of it.
bool lacks_family(std::error_code const& code) noexcept {
  return code == std::errc::address_family_not_supported || code == std::errc::address_not_available;
}

}  // namespace

std::vector<listener> listen_all_addresses(std::uint16_t port, listen_options options) {
  options.v6_only = true;
  for (int tries = 1;; ++tries) {
    std::vector<listener> all;
    try {
      all.push_back(listen(endpoint::any_v6(port), options));
    } catch (error const& e) {
      if (!lacks_family(e.code())) throw;
    }
    try {
      all.push_back(listen(endpoint::any_v4(all.empty() ? port : all.front().local_endpoint().port()), options));
    } catch (error const& e) {
      // The port that the kernel chose for one listener may be in use for the other family.
      if (port == 0 && !all.empty() && e.code() == std::errc::address_in_use && tries < 10) continue;
      if (all.empty() || !lacks_family(e.code())) throw;
    }
    return all;
  }
}

}  // namespace strait::tcp

namespace strait::detail {

template <>
tcp::stream accept_awaiter_for<tcp::stream>::await_resume() {
  unique_descriptor connection(take_connection());
  return tcp_stream_socket::make_stream(std::move(connection), socket_->peer());
}

tcp::stream tcp_stream_socket::make_stream(unique_descriptor descriptor, endpoint const& peer) {
  auto* const made = new tcp_stream_socket(peer);
  made->own(descriptor.release());
  return tcp::stream(made);
}

}  // namespace strait::detail
