// Connecting to one address, or to several concurrently as RFC 8305 describes.
#include <algorithm>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/loop.hpp"
#include "net/descriptor.hpp"
#include "net/tcp_stream_socket.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/task_group.hpp"
#include "strait/core/timeout.hpp"
#include "strait/net/resolve.hpp"
#include "strait/net/tcp.hpp"

namespace strait {
namespace {

/// Waits for a connection that is being established. Returns an errno.
class connect_operation final : public detail::io_operation {
 public:
  using await_result = int;
  explicit connect_operation(engine::socket& socket) noexcept : io_operation(kind::connect), socket_(socket) {}
  ~connect_operation() {
    if (is_waiting()) socket_.abandon(*this);
  }
  auto operator co_await() noexcept { return detail::awaiter_reference(*this); }

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    auto& where = self.promise().current_branch();
    error_ = where.is_canceled() ? ECANCELED : 0;
    if (error_ != 0 || socket_.start(*this)) return false;
    suspend(where, self);
    return true;
  }
  [[nodiscard]] int await_resume() const {
    if (error_ == ECANCELED) throw canceled();
    return error_;
  }

 private:
  void io_done() noexcept override { resume(); }
  void cancel() noexcept override { socket_.cancel(*this); }
  engine::socket& socket_;
};

/// Registers a descriptor with a loop for a while. Throws `error` with `context`.
class watched_descriptor {
 public:
  watched_descriptor(detail::loop_core& loop, detail::unique_descriptor descriptor, std::string_view context)
      : socket_(&attach(loop, descriptor.get(), context)) {
    static_cast<void>(descriptor.release());
  }
  watched_descriptor(watched_descriptor const&) = delete;
  watched_descriptor& operator=(watched_descriptor const&) = delete;
  ~watched_descriptor() {
    if (socket_) socket_->close();
  }
  engine::socket& get() noexcept { return *socket_; }
  detail::unique_descriptor release() noexcept {
    return detail::unique_descriptor(std::exchange(socket_, nullptr)->release());
  }

 private:
  static engine::socket& attach(detail::loop_core& loop, int descriptor, std::string_view context) {
    try {
      return detail::loop_of(loop).engine().attach(descriptor);
    } catch (std::system_error const& e) {
      throw error(e.code(), fmt::format("{}: add the socket to the event loop", context));
    }
  }
  engine::socket* socket_;
};

/// Closes with a reset, so that no TIME_WAIT state keeps a server from binding the port.
void abort_connection(detail::unique_descriptor socket) noexcept {
  linger const at_once{1, 0};
  static_cast<void>(::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

task<tcp::stream> connect_one(endpoint to) {
  detail::branch& where = co_await detail::this_branch{};
  if (where.is_canceled()) throw canceled();
  auto const context = fmt::format("connect to {}", to);
  constexpr int max_tries = 3;  // as in Go
  for (int tries = 0; tries != max_tries; ++tries) {
    auto socket = detail::open_socket(detail::family_of(to), SOCK_STREAM, context);
    if (int const failure = detail::connect_to(socket.get(), to)) {
      // An interrupted connect continues in the background: connect(2), EINTR.
      if (failure != EINPROGRESS && failure != EINTR) throw detail::system_failure(failure, context);
      watched_descriptor watched(where.core(), std::move(socket), context);
      connect_operation connecting(watched.get());
      int const code = co_await connecting;
      if (code != 0) throw detail::system_failure(code, context);
      socket = watched.release();
    }
    if (!detail::is_connected_to_itself(socket.get(), to.port())) {
      detail::set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1, context);
      co_return detail::tcp_stream_socket::make_stream(std::move(socket), to);
    }
    abort_connection(std::move(socket));
  }
  throw detail::system_failure(ECONNREFUSED, context);
}

/// RFC 8305, section 4: alternates the families, beginning with that of the first address.
std::vector<endpoint> interleave(std::vector<endpoint> const& addresses) {
  std::vector<endpoint> first;
  std::vector<endpoint> second;
  for (auto const& each : addresses) (each.is_v4() == addresses.front().is_v4() ? first : second).push_back(each);
  std::vector<endpoint> order;
  for (std::size_t i = 0; i != std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) order.push_back(first[i]);
    if (i < second.size()) order.push_back(second[i]);
  }
  return order;
}

/// Concurrent attempts; the first that succeeds cancels the others.
class race {
 public:
  task<> run(task_group& group, std::vector<endpoint> order, std::chrono::milliseconds attempt_delay) {
    for (auto const& each : order) {
      cancel_scope head_start;
      head_start_ = &head_start;
      ++running_;
      group.spawn(attempt(group, each));
      co_await head_start.run(sleep_for(attempt_delay));
      head_start_ = nullptr;
    }
    all_begun_ = true;
    fail_if_over();
  }
  std::optional<tcp::stream> winner;

 private:
  task<> attempt(task_group& group, endpoint to) {
    try {
      auto connected = co_await connect_one(to);
      if (!winner) winner = std::move(connected);
      group.cancel();
    } catch (error const&) {
      last_failure_ = std::current_exception();
    }
    --running_;
    if (head_start_ && !group.is_canceled()) head_start_->cancel();  // the next attempt need not wait
    fail_if_over();
  }
  void fail_if_over() const {
    if (!winner && all_begun_ && running_ == 0) std::rethrow_exception(last_failure_);
  }

  cancel_scope* head_start_ = nullptr;
  std::exception_ptr last_failure_;
  int running_ = 0;
  bool all_begun_ = false;
};

task<tcp::stream> connect_any(std::vector<endpoint> order, std::chrono::milliseconds attempt_delay) {
  race attempts;
  auto body = [&](task_group& group) { return attempts.run(group, std::move(order), attempt_delay); };
  try {
    co_await with_task_group(body);
  } catch (...) {  // a cancel, or another attempt that ran out of memory
    if (!attempts.winner) throw;
  }
  co_return std::move(*attempts.winner);
}

task<tcp::stream> look_up_and_connect(task<std::vector<endpoint>> look_up, std::chrono::milliseconds attempt_delay) {
  auto const addresses = co_await std::move(look_up);
  co_return co_await connect_any(interleave(addresses), attempt_delay);
}

task<tcp::stream> limited(std::string name, std::chrono::milliseconds limit, task<tcp::stream> connecting) {
  if (limit == std::chrono::milliseconds(0)) co_return co_await std::move(connecting);
  try {
    co_return co_await timeout(limit, std::move(connecting));
  } catch (timed_out const&) {
    throw timed_out(fmt::format("connect to {}", name));
  }
}

}  // namespace

namespace tcp {

task<stream> connect(endpoint const& to, connect_options options) {
  return limited(to.to_string(), options.timeout, connect_one(to));
}

task<stream> connect(std::string_view host_and_port, connect_options options) {
  return limited(std::string(host_and_port), options.timeout,
                 look_up_and_connect(resolve(host_and_port), options.attempt_delay));
}

task<stream> connect(std::string_view host, std::uint16_t port, connect_options options) {
  return limited(fmt::format("{}:{}", host, port), options.timeout,
                 look_up_and_connect(resolve(host, std::to_string(port)), options.attempt_delay));
}

task<stream> connect(std::vector<endpoint> to, connect_options options) {
  if (to.empty()) throw std::invalid_argument("strait: connect: the list of endpoints is empty");
  auto const name = fmt::format("{}", fmt::join(to, ", "));
  return limited(name, options.timeout, connect_any(std::move(to), options.attempt_delay));
}

}  // namespace tcp
}  // namespace strait
