// when_any: several awaitables side by side, until one is done.
#pragma once

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "strait/core/task_group.hpp"
#include "strait/core/when_all.hpp"

namespace strait {
namespace detail {

template <awaitable A>
task<> store_and_cancel(A what, std::optional<value_t<await_result_t<A>>>& to, task_group& others) {
  co_await store(std::move(what), to);
  others.cancel();
}

/// A cancel from outside loses no value that has come nevertheless. Says whether there is one.
template <class Body, class AnyDone>
task<bool> run_until_first(Body const& body, AnyDone any_done) {
  try {
    co_await with_task_group(body);
  } catch (canceled const&) {}
  co_return any_done();
}

}  // namespace detail

/// Runs all of `what` side by side until the first has ended, cancels the others, and completes when they have ended
/// too. Gives a tuple of optionals, in which the first one's value is set, and with it that of any other which was done
/// nevertheless, so that nothing is lost. If one fails, its exception is rethrown.
///
/// What a canceled `read_exactly` or `write` had moved by then is in its buffer, or on its way, but its number ends
/// here with its `canceled`: race a `read`, or a task that catches `canceled` and notes `transferred()`.
///
///     auto [n, late] = co_await when_any(peer.read(buffer), sleep_for(1s));
///     if (n) …                                                      // set whenever bytes were read
template <awaitable... A>
  requires(sizeof...(A) > 0)
task<std::tuple<std::optional<detail::value_t<await_result_t<A>>>...>> when_any(A... what) {
  std::tuple<std::optional<detail::value_t<await_result_t<A>>>...> values;
  auto body = [&](task_group& group) -> task<> {
    std::apply([&](auto&... value) { (group.spawn(detail::store_and_cancel(std::move(what), value, group)), ...); },
               values);
    co_return;
  };
  bool const any_done = co_await detail::run_until_first(
      body, [&] { return std::apply([](auto const&... value) { return (value.has_value() || ...); }, values); });
  if (!any_done) throw canceled();
  co_return std::move(values);
}

/// The same for any number of tasks of one kind. Completes at once, with nothing, if there are none.
template <class T>
task<std::vector<std::optional<detail::value_t<T>>>> when_any(std::vector<task<T>> tasks) {
  std::vector<std::optional<detail::value_t<T>>> values(tasks.size());
  auto body = [&](task_group& group) -> task<> {
    for (std::size_t i = 0; i != tasks.size(); ++i)
      group.spawn(detail::store_and_cancel(std::move(tasks[i]), values[i], group));
    co_return;
  };
  auto const any_done = [&] {
    for (auto const& value : values)
      if (value) return true;
    return values.empty();
  };
  if (!co_await detail::run_until_first(body, any_done)) throw canceled();
  co_return std::move(values);
}

}  // namespace strait
