// cancel_on: cancels a task through a std::stop_token, from any thread.
#pragma once

#include <optional>
#include <stop_token>
#include <utility>

#include "strait/core/cancel_scope.hpp"
#include "strait/core/detail/remote_cancel.hpp"
#include "strait/core/event_loop.hpp"
#include "strait/core/task.hpp"

#if !defined(__cpp_lib_jthread)
#error "strait/core/stop_token.hpp needs std::stop_token: with libc++ before 20, add -fexperimental-library"
#endif

namespace strait {
namespace detail {

class stop_link {
 public:
  stop_link(std::stop_token const& token, event_loop& loop, scope& target)
      : link_(connect_remote_cancel(loop, target)), callback_(std::in_place, token, request{link_}) {
    if (token.stop_requested()) target.cancel();
  }
  stop_link(stop_link const&) = delete;
  stop_link& operator=(stop_link const&) = delete;
  ~stop_link() {
    callback_.reset();
    disconnect_remote_cancel(link_);
  }

 private:
  struct request {
    remote_cancel* link;
    void operator()() const noexcept { request_remote_cancel(link); }
  };
  remote_cancel* link_;
  std::optional<std::stop_callback<request>> callback_;
};

}  // namespace detail

/// Awaits `what`, and cancels it when a stop is requested through `token`, from any thread; then `canceled` is thrown,
/// unless `what` has completed nevertheless. If a stop has already been requested, `what` runs in a canceled scope, so
/// its first operation throws `canceled`.
template <awaitable A>
task<await_result_t<A>> cancel_on(std::stop_token token, A what) {
  detail::scope inner;
  detail::scoped_entry const entry(co_await detail::this_branch{}, inner);
  detail::stop_link const link(token, co_await current_loop(), inner);
  co_return co_await std::move(what);
}

}  // namespace strait
