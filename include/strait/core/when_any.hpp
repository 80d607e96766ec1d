// when_any: awaits several awaitables concurrently until one has ended.
#pragma once

#include <cstddef>
#include <exception>
#include <tuple>
#include <utility>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/core/outcome.hpp"
#include "strait/core/task_group.hpp"
#include "strait/core/when_all.hpp"

namespace strait {
namespace detail {

/// For a `when_any` without a value: throws the non-null `failures`; if there are none and no branch has completed,
/// `canceled`.
STRAIT_API void rethrow(std::exception_ptr const* failures, std::size_t count, bool any_value);

}  // namespace detail

/// Awaits all of `what` concurrently until the first has ended, then cancels the others, and completes when all have
/// ended. Returns a tuple of their outcomes: the value of the first one, and those of any others that have completed
/// nevertheless.
///
/// **If there is a value, it is returned, so that nothing is lost**: a failure of another one, in the same turn or
/// during its cleanup, is in `failure()` of its own outcome. (A task or operation that returns `void` counts as a value
/// only if it has completed before the others were canceled.) If there is no value, the failure is rethrown; several
/// are rethrown as one `multiple_errors` in the order of `what`. If there is no failure either, because an enclosing
/// scope was canceled, `canceled` is thrown.
///
/// Bytes that a canceled `read_exactly` or `write` has transferred are in its buffer, or sent; their number is in the
/// `canceled` that `value()` of its outcome throws.
///
///     auto [n, late] = co_await when_any(peer.read(buffer), sleep_for(1s));
///     if (n) …                                                      // set whenever bytes were read
template <awaitable... A>
  requires(sizeof...(A) > 0)
task<std::tuple<outcome<detail::value_t<await_result_t<A>>>...>> when_any(A... what) {
  std::tuple<outcome<detail::value_t<await_result_t<A>>>...> outcomes;
  detail::race race;
  auto body = [&](task_group& group) -> task<> {
    race.branches = &group;
    std::apply([&](auto&... each) { (group.spawn(detail::settle(std::move(what), each, &race)), ...); }, outcomes);
    co_return;
  };
  co_await with_task_group(body);
  if (!race.is_won)
    std::apply(
        [](auto const&... each) {
          std::exception_ptr const failures[] = {each.failure()...};
          detail::rethrow(failures, sizeof...(each), (each.has_value() || ...));
        },
        outcomes);
  co_return std::move(outcomes);
}

/// The same for any number of tasks of one type. Completes immediately with an empty vector if there are none.
template <class T>
task<std::vector<outcome<detail::value_t<T>>>> when_any(std::vector<task<T>> tasks) {
  std::vector<outcome<detail::value_t<T>>> outcomes(tasks.size());
  detail::race race;
  auto body = [&](task_group& group) -> task<> {
    race.branches = &group;
    for (std::size_t i = 0; i != tasks.size(); ++i)
      group.spawn(detail::settle(std::move(tasks[i]), outcomes[i], &race));
    co_return;
  };
  co_await with_task_group(body);
  if (!race.is_won) {
    bool any_value = outcomes.empty();
    std::vector<std::exception_ptr> failures;
    for (auto const& each : outcomes) {
      any_value = any_value || each.has_value();
      failures.push_back(each.failure());
    }
    detail::rethrow(failures.data(), failures.size(), any_value);
  }
  co_return std::move(outcomes);
}

}  // namespace strait
