// when_all, when_all_settled: await several awaitables concurrently until all have ended.
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/core/outcome.hpp"
#include "strait/core/task_group.hpp"

namespace strait {
namespace detail {

/// Awaits `what` and stores its value in `to`.
template <awaitable A>
task<> store(A what, std::optional<value_t<await_result_t<A>>>& to) {
  if constexpr (std::is_void_v<await_result_t<A>>) {
    co_await std::move(what);
    to.emplace();
  } else {
    to.emplace(co_await std::move(what));
  }
}

/// The shared state of the branches of a `when_any`.
struct race {
  task_group* branches = nullptr;
  /// A branch has completed with a value or, if it has no value, has completed before the others were canceled.
  bool is_won = false;
};

/// Awaits `what` and stores its outcome in `to`. In a race, then cancels the others.
template <awaitable A>
task<> settle(A what, outcome<value_t<await_result_t<A>>>& to, race* in) {
  constexpr bool is_void = std::is_void_v<await_result_t<A>>;
  try {
    if constexpr (is_void) {
      co_await std::move(what);
      to.set_value();
    } else {
      to.set_value(co_await std::move(what));
    }
  } catch (canceled const&) {
    to.set_canceled(std::current_exception());
  } catch (...) {
    to.set_failure(std::current_exception());
  }
  if (!in) co_return;
  if (to.has_value() && (!is_void || !in->branches->is_canceled())) in->is_won = true;
  in->branches->cancel();
}

}  // namespace detail

/// Awaits all of `what` concurrently; completes when all have ended, with a tuple of their values (`void_value` for
/// those without a value). If one fails, the others are canceled, and when they have ended, its exception is rethrown;
/// several exceptions are rethrown as one `multiple_errors`. **Values that the others have returned are then
/// destroyed**: an accepted connection is closed, and the number of bytes that were read into a buffer is lost. If such
/// a value must not be lost, use `when_all_settled`.
///
///     auto [config, peer] = co_await when_all(load_config(), tcp::connect("localhost:5000"));
template <awaitable... A>
task<std::tuple<detail::value_t<await_result_t<A>>...>> when_all(A... what) {
  std::tuple<std::optional<detail::value_t<await_result_t<A>>>...> values;
  auto body = [&](task_group& group) -> task<> {
    std::apply([&](auto&... value) { (group.spawn(detail::store(std::move(what), value)), ...); }, values);
    co_return;
  };
  co_await with_task_group(body);
  co_return std::apply(
      [](auto&... value) { return std::tuple<detail::value_t<await_result_t<A>>...>(std::move(*value)...); }, values);
}

/// The same for any number of tasks of one type; the values are in the order of the tasks.
template <class T>
  requires(!std::is_void_v<T>)
task<std::vector<T>> when_all(std::vector<task<T>> tasks) {
  std::vector<std::optional<T>> values(tasks.size());
  auto body = [&](task_group& group) -> task<> {
    for (std::size_t i = 0; i != tasks.size(); ++i) group.spawn(detail::store(std::move(tasks[i]), values[i]));
    co_return;
  };
  co_await with_task_group(body);
  std::vector<T> all;
  all.reserve(values.size());
  for (auto& value : values) all.push_back(std::move(*value));
  co_return all;
}
/// The same for any number of tasks without a value.
STRAIT_API task<> when_all(std::vector<task<>> tasks);

/// Awaits all of `what` concurrently; completes when all have ended, with a tuple of their outcomes: values and
/// failures. A failure does not cancel the others, so nothing is lost.
///
/// If an enclosing scope is canceled, all of them are canceled. Those that have a value or a failure nevertheless are
/// returned; if all have ended with `canceled`, it is thrown.
///
///     auto [saved, sent] = co_await when_all_settled(save(order), notify(client));
///     if (sent.failure()) log(describe(sent.failure()));
template <awaitable... A>
task<std::tuple<outcome<detail::value_t<await_result_t<A>>>...>> when_all_settled(A... what) {
  std::tuple<outcome<detail::value_t<await_result_t<A>>>...> outcomes;
  auto body = [&](task_group& group) -> task<> {
    std::apply([&](auto&... each) { (group.spawn(detail::settle(std::move(what), each, nullptr)), ...); }, outcomes);
    co_return;
  };
  co_await with_task_group(body);
  bool const all_canceled =
      sizeof...(A) != 0 && std::apply([](auto const&... each) { return (each.is_canceled() && ...); }, outcomes);
  detail::branch const& where = co_await detail::this_branch{};
  if (all_canceled && where.is_canceled()) throw canceled();
  co_return std::move(outcomes);
}

/// The same for any number of tasks of one type; the outcomes are in the order of the tasks.
template <class T>
task<std::vector<outcome<detail::value_t<T>>>> when_all_settled(std::vector<task<T>> tasks) {
  std::vector<outcome<detail::value_t<T>>> outcomes(tasks.size());
  auto body = [&](task_group& group) -> task<> {
    for (std::size_t i = 0; i != tasks.size(); ++i)
      group.spawn(detail::settle(std::move(tasks[i]), outcomes[i], nullptr));
    co_return;
  };
  co_await with_task_group(body);
  bool all_canceled = !outcomes.empty();
  for (auto const& each : outcomes) all_canceled = all_canceled && each.is_canceled();
  detail::branch const& where = co_await detail::this_branch{};
  if (all_canceled && where.is_canceled()) throw canceled();
  co_return std::move(outcomes);
}

}  // namespace strait
