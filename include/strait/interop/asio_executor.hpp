// The executor of a loop, with which Asio's objects are constructed.
#pragma once

#include <asio/io_context.hpp>

#include "strait/base/export.hpp"
#include "strait/core/event_loop.hpp"
#include "strait/interop/detail/asio_build.hpp"

namespace strait {
namespace detail {

/// Throws `std::logic_error` if the loop runs on the library's private copy of Asio.
[[nodiscard]] STRAIT_API asio::io_context& asio_context_of(loop_core const& loop, asio_build);
[[nodiscard]] STRAIT_API asio::io_context& asio_context_of(event_loop const& loop, asio_build);

}  // namespace detail

/// Returns the `io_context` that `loop` runs. It lives as long as the loop, which alone may run, stop or restart it.
[[nodiscard]] inline asio::io_context& asio_context(event_loop& loop) {
  return detail::asio_context_of(loop, detail::asio_build());
}

/// Returns the executor with which Asio's objects (timers, sockets, serial ports, resolvers, …) are constructed so that
/// they run on `loop`. Such an object belongs to the loop's thread and must be destroyed before the loop. May be called
/// from any thread while the loop exists.
[[nodiscard]] inline asio::io_context::executor_type asio_executor(event_loop& loop) {
  return asio_context(loop).get_executor();
}

/// The awaitable that `asio_executor()` returns.
class [[nodiscard("co_await it")]] asio_executor_operation {
 public:
  using await_result = asio::io_context::executor_type;
  asio_executor_operation operator co_await() const noexcept { return {}; }
  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    branch_ = &self.promise().current_branch();
    return branch_->completed_at_once(self, 1);
  }
  await_result await_resume() const {
    return detail::asio_context_of(branch_->core(), detail::asio_build()).get_executor();
  }

 private:
  detail::branch* branch_ = nullptr;
};

/// Awaits the executor of the loop that the task runs on. Completes at once, even in a canceled scope.
///
///     asio::steady_timer timer(co_await asio_executor(), 5s);
inline asio_executor_operation asio_executor() noexcept { return {}; }

}  // namespace strait
