// The loop as Asio sees it: the executor that Asio's objects are made with.
#pragma once

#include <asio/io_context.hpp>

#include "strait/base/export.hpp"
#include "strait/core/event_loop.hpp"
#include "strait/interop/detail/asio_build.hpp"

namespace strait {
namespace detail {

/// Throws `std::logic_error` if the loop does not run on Asio.
[[nodiscard]] STRAIT_API asio::io_context& asio_context_of(loop_core const& loop, asio_build);
[[nodiscard]] STRAIT_API asio::io_context& asio_context_of(event_loop const& loop, asio_build);

}  // namespace detail

/// The context that `loop` runs, which lives as long as it. Not to be run, stopped or restarted by others.
[[nodiscard]] inline asio::io_context& asio_context(event_loop& loop) {
  return detail::asio_context_of(loop, detail::asio_build());
}

/// What Asio's objects are made with (timers, sockets, serial ports, resolvers, …) so that `loop` drives them. Such an
/// object belongs to the loop's thread, and must go before the loop. From any thread, while the loop exists.
[[nodiscard]] inline asio::io_context::executor_type asio_executor(event_loop& loop) {
  return asio_context(loop).get_executor();
}

/// Gives the executor of the loop that the awaiting task runs on: see `asio_executor()`.
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

/// The executor of the loop that the task runs on. Needs no waiting, and completes in a canceled scope, too.
///
///     asio::steady_timer timer(co_await asio_executor(), 5s);
inline asio_executor_operation asio_executor() noexcept { return {}; }

}  // namespace strait
