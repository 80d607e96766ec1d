// async_run: starts a task from code that is written for Asio.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include "strait/base/error.hpp"
#include "strait/base/export.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/event_loop.hpp"
#include "strait/core/task.hpp"
#include "strait/core/task_group.hpp"
#include "strait/interop/asio_executor.hpp"

namespace strait {
namespace detail {

/// Runs `what`, which must not throw, beside the main task of `on`. If the loop ends first, it destroys the task.
STRAIT_API void run_beside(event_loop& on, task<> what);

template <class T>
struct run_signature {
  using type = void(std::exception_ptr, T);
};
template <>
struct run_signature<void> {
  using type = void(std::exception_ptr);
};

/// The result of a task, in the form in which a completion handler receives it.
template <class T>
class run_outcome {
 public:
  std::exception_ptr failure_;
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value_;

  template <class Handler>
  void pass_to(Handler&& handler) && {
    if constexpr (std::is_void_v<T>) std::move(handler)(std::move(failure_));
    else std::move(handler)(std::move(failure_), value_ ? std::move(*value_) : T());
  }
};

/// The handler's cancellation slot shares `scope` and may outlive the task.
template <class T>
task<run_outcome<T>> run_in_scope(task<T> what, std::shared_ptr<cancel_scope> scope) {
  run_outcome<T> outcome;
  try {
    if constexpr (std::is_void_v<T>) {
      if (co_await scope->run(std::move(what))) co_return outcome;
    } else {
      outcome.value_ = co_await scope->run(std::move(what));
      if (outcome.value_) co_return outcome;
    }
  } catch (canceled const&) {
  } catch (...) {
    outcome.failure_ = std::current_exception();
    co_return outcome;
  }
  // Asio's code expects operation_aborted; `canceled` is not a std::exception and belongs to tasks.
  outcome.failure_ = std::make_exception_ptr(error(asio::error::operation_aborted, "run a task"));
  co_return outcome;
}

/// Posts the handler, which must not run inside a coroutine.
template <class T, class Handler, class Executor>
void post_outcome(run_outcome<T> outcome, Handler handler, Executor const& executor) {
  asio::post(executor, [outcome = std::move(outcome), handler = std::move(handler)]() mutable {
    std::move(outcome).pass_to(std::move(handler));
  });
}

/// `work` keeps the handler's executor running until the handler is posted.
template <class T, class Handler, class Work>
task<> run_for_asio(task<T> what, std::shared_ptr<cancel_scope> scope, Handler handler, Work work) {
  auto outcome = co_await run_in_scope(std::move(what), std::move(scope));
  auto const own = co_await asio_executor();
  if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) slot.clear();
  auto const executor = asio::get_associated_executor(handler, own);
  post_outcome(std::move(outcome), std::move(handler), executor);
  work.reset();
}

/// Creates the task that runs `what` and then calls `handler`.
template <class T, class Handler>
task<> make_task_for_asio(task<T> what, Handler&& handler) {
  auto scope = std::make_shared<cancel_scope>();
  if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
    slot.assign([scope](asio::cancellation_type type) {
      if (type != asio::cancellation_type::none) scope->cancel();
    });
  auto work = asio::make_work_guard(asio::get_associated_executor(handler));
  return run_for_asio(std::move(what), std::move(scope), std::decay_t<Handler>(std::forward<Handler>(handler)),
                      std::move(work));
}

class run_on_loop {
 public:
  explicit run_on_loop(event_loop& loop) noexcept : loop_(loop) {}
  template <class Handler, class T>
  void operator()(Handler&& handler, task<T> what) const {
    asio::dispatch(
        asio_executor(loop_),
        [&loop = loop_, begun = make_task_for_asio(std::move(what), std::forward<Handler>(handler))]() mutable {
          run_beside(loop, std::move(begun));
        });
  }

 private:
  event_loop& loop_;
};

class run_in_group {
 public:
  explicit run_in_group(task_group& group) noexcept : group_(group) {}
  template <class Handler, class T>
  void operator()(Handler&& handler, task<T> what) const {
    group_.spawn(make_task_for_asio(std::move(what), std::forward<Handler>(handler)));
  }

 private:
  task_group& group_;
};

template <class T, class Initiation, class Token>
auto initiate_run(Initiation initiation, task<T> what, Token&& token) {
  static_assert(
      std::is_void_v<T> || std::is_default_constructible_v<T>,
      "strait: async_run passes T() to the handler together with an exception: the task's value type T must be "
      "default-constructible");
  if (!what) throw_consumed();
  return asio::async_initiate<Token, typename run_signature<T>::type>(initiation, token, std::move(what));
}

}  // namespace detail

/// Runs `what` as a child of `group`, and completes `token` with its result: a completion handler with the signature
/// `void(std::exception_ptr, T)`, or `void(std::exception_ptr)` for a `task<>`, or any other Asio completion token
/// (`asio::use_future`, `asio::use_awaitable`, …). The group waits for the task and cancels it together with its other
/// children, but an exception of the task is passed to the handler, not to the group.
///
/// The handler's cancellation slot also cancels the task. If the task ends with `canceled`, the handler receives an
/// `error` with `asio::error::operation_aborted`. The handler runs on its associated executor, by default the loop's,
/// and never inside `async_run`. Must be called on the loop's thread.
///
///     async_run(group, session(std::move(peer)), [](std::exception_ptr failure) { … });
template <class T, class Token>
auto async_run(task_group& group, task<T> what, Token&& token) {
  return detail::initiate_run(detail::run_in_group(group), std::move(what), std::forward<Token>(token));
}

/// Runs `what` beside the main task of `loop.run`, for code that has no group. **If the loop ends before the task, the
/// task is destroyed while it waits**, and the handler is destroyed without being called, as `asio::io_context` does
/// with its handlers; so prefer a group. May be called from any thread; the cancellation slot only on the loop's
/// thread.
template <class T, class Token>
auto async_run(event_loop& loop, task<T> what, Token&& token) {
  return detail::initiate_run(detail::run_on_loop(loop), std::move(what), std::forward<Token>(token));
}

}  // namespace strait
