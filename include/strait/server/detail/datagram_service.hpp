// The part of a datagram server that depends on the types of socket and handler.
#pragma once

#include <cerrno>
#include <concepts>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include "strait/base/export.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/task.hpp"
#include "strait/core/task_group.hpp"
#include "strait/net/datagram.hpp"
#include "strait/server/datagram_request.hpp"
#include "strait/server/datagram_serve_options.hpp"
#include "strait/server/detail/datagram_serving.hpp"

namespace strait::detail {

template <class S>
concept datagram_socket_type =
    requires { typename S::endpoint_type; } && std::derived_from<S, basic_datagram_socket<typename S::endpoint_type>>;

template <class Handler, class Request>
concept handles_datagrams =
    std::is_invocable_v<Handler&, Request&> && std::is_object_v<std::invoke_result_t<Handler&, Request&>> &&
    awaitable<std::invoke_result_t<Handler&, Request&>> &&
    std::is_void_v<await_result_t<std::invoke_result_t<Handler&, Request&>>>;

/// Reports a handler's exception to `on_error`, or to standard error.
template <class Endpoint>
void report(basic_datagram_serve_options<Endpoint> const& options, basic_datagram_request<Endpoint> const& of,
            std::exception_ptr failure) noexcept;
extern template STRAIT_API void report(udp::serve_options const&, udp::request const&, std::exception_ptr) noexcept;
extern template STRAIT_API void report(local::serve_options const&, local::request const&, std::exception_ptr) noexcept;

enum class receive_outcome : unsigned char { received, failed, ended };

/// A recvfrom of a worker, into the worker's buffer and a request.
template <class Endpoint>
class receive_awaiter final : public datagram_awaiter {
 public:
  receive_awaiter(datagram_worker& worker, basic_datagram_request<Endpoint>& request) noexcept
      : datagram_awaiter(kind::recvfrom, request.socket_, worker.buffer()), worker_(worker), request_(request) {
    name_ = request.from_.bytes;
    name_size_ = sizeof request.from_.bytes;
    worker.receives();
    if (worker.serving().is_stopping()) error_ = ECANCELED;
  }
  [[nodiscard]] bool await_ready() const noexcept { return error_ != 0; }
  /// Throws if receiving has become impossible.
  receive_outcome await_resume() {
    if (error_ == 0) [[likely]] {
      request_.bytes_ = const_buffer(buffer_.data(), moved_);
      request_.is_truncated_ = is_truncated_;
      request_.from_.size = name_size_;
      worker_.received(moved_, is_truncated_);
      return receive_outcome::received;
    }
    if (error_ == ECANCELED) return receive_outcome::ended;
    if (!socket_ || error_ == EBADF) check();
    return receive_outcome::failed;
  }

 private:
  datagram_worker& worker_;
  basic_datagram_request<Endpoint>& request_;
};

template <class Endpoint>
class receive_operation {
 public:
  using await_result = receive_outcome;
  receive_operation(datagram_worker& worker, basic_datagram_request<Endpoint>& request) noexcept
      : worker_(worker), request_(request) {}
  receive_awaiter<Endpoint> operator co_await() const noexcept { return {worker_, request_}; }

 private:
  datagram_worker& worker_;
  basic_datagram_request<Endpoint>& request_;
};

/// Awaits what a handler returned, and notifies the worker if that waits.
template <class Made>
class handling_awaiter {
  using inner_awaiter = decltype(std::declval<Made&&>().operator co_await());

 public:
  template <class Handler, class Request>
  handling_awaiter(datagram_worker& worker, Handler& handler, Request& request)
      : worker_(worker), made_(handler(request)), inner_(static_cast<Made&&>(made_).operator co_await()) {}
  handling_awaiter(handling_awaiter const&) = delete;
  handling_awaiter& operator=(handling_awaiter const&) = delete;
  ~handling_awaiter() = default;

  [[nodiscard]] bool await_ready() const noexcept { return inner_.await_ready(); }

  /// Runs the handler's tasks here until they wait or end. `branch::resume` would run them, too, but could not report
  /// whether they have ended. (One level deep: the worker, which is suspended, is the outermost task of its branch.)
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    if constexpr (std::is_void_v<decltype(inner_.await_suspend(self))>) inner_.await_suspend(self);
    else if (!inner_.await_suspend(self)) return false;
    branch& where = self.promise().current_branch();
    while (auto const next = std::exchange(where.to_resume_, nullptr)) {
      if (next == self) return false;
      if (!where.core().spend(1)) {
        where.to_resume_ = next;  // in the next turn
        break;
      }
      next.resume();
    }
    worker_.handler_waits();
    return true;
  }
  void await_resume() { inner_.await_resume(); }

 private:
  datagram_worker& worker_;
  Made made_;
  inner_awaiter inner_;
};

template <class Handler, class Request>
class handle_operation {
 public:
  using await_result = void;
  handle_operation(datagram_worker& worker, Handler& handler, Request& request) noexcept
      : worker_(worker), handler_(handler), request_(request) {}
  handling_awaiter<std::invoke_result_t<Handler&, Request&>> operator co_await() const {
    return {worker_, handler_, request_};
  }

 private:
  datagram_worker& worker_;
  Handler& handler_;
  Request& request_;
};

/// One call of `serve`.
template <class Endpoint, class Socket, class Handler>
class datagram_service final : public datagram_serving {
 public:
  using options = basic_datagram_serve_options<Endpoint>;
  datagram_service(datagram_server_core& server, branch& where, options const& with, Socket& socket, Handler& handler)
      : datagram_serving(server, where), options_(with), socket_(socket), handler_(handler) {}

  /// Returns the statistics when everything has ended.
  task<datagram_statistics> run() {
    auto const body = [this](task_group& workers) -> task<> {
      task<> draining = drain();  // created now: at shutdown, memory might be exhausted
      workers_ = &workers;
      begin_worker();
      co_await receive_until_stopped();
      // The cancellation of the server has taken effect; draining must not be canceled. (Not by `shield`, which
      // allocates.)
      scope ending;
      scoped_entry const entry(co_await this_branch{}, ending, true);
      co_await std::move(draining);
    };
    auto const nothing_escapes = [](std::exception_ptr) {};  // each handler's failure has been reported
    co_await with_task_group(nothing_escapes, body);
    co_return finish();
  }

 private:
  using request = basic_datagram_request<Endpoint>;

  void begin_worker() override { workers_->spawn(work()); }

  task<> work() {
    try {
      datagram_worker self(*this, co_await this_branch{});
      request datagram(datagram_access::socket_of(socket_), counts);
      while (self.is_wanted()) {
        auto const outcome = co_await receive_operation<Endpoint>(self, datagram);
        if (outcome == receive_outcome::ended) break;
        if (outcome == receive_outcome::failed) {
          co_await sleep_for(self.receiving_failed());
        } else if (!admits(datagram)) {
          self.rejected();
        } else {
          try {
            co_await handle_operation<Handler, request>(self, handler_, datagram);
            self.served();
          } catch (...) {
            if (auto failure = self.failed()) report(options_, datagram, std::move(failure));
          }
        }
      }
    } catch (...) {
      worker_failed();
    }
  }

  [[nodiscard]] bool admits(request const& datagram) const noexcept {
    if (!options_.on_datagram) return true;
    try {
      return options_.on_datagram(datagram);
    } catch (...) {
      print_failure(std::current_exception());
      return false;
    }
  }

  options const& options_;
  Socket& socket_;
  Handler& handler_;
  task_group* workers_ = nullptr;
};

}  // namespace strait::detail
