// when_any: several awaitables side by side, until one is done.
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

/// For a `when_any` that no branch has won: throws the failures, of which some may be null; if there are none, and no
/// branch has ended normally, `canceled`.
STRAIT_API void rethrow(std::vector<std::exception_ptr> failures, bool any_value);

}  // namespace detail

/// Runs all of `what` side by side until the first has ended, cancels the others, and completes when they have ended
/// too. Returns a tuple of their outcomes, in which the first one's value is set, and with it that of any other which
/// was done nevertheless. **If there is a value, it is returned, so that nothing is lost:** a failure beside it, in the
/// same turn or when a loser cleans up, is in `failure()` of its own outcome. (What has no value counts only if it has
/// ended before the others were canceled.) If there is none, the failure is rethrown, several as one `multiple_errors`
/// in the order of `what`; after a cancel from outside, and without a failure, `canceled` is thrown.
///
/// What a canceled `read_exactly` or `write` had moved by then is in its buffer, or on its way; its number is in the
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
    std::apply([](auto const&... each) { detail::rethrow({each.failure()...}, (each.has_value() || ...)); }, outcomes);
  co_return std::move(outcomes);
}

/// The same for any number of tasks of one kind. Completes at once, with nothing, if there are none.
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
    detail::rethrow(std::move(failures), any_value);
  }
  co_return std::move(outcomes);
}

}  // namespace strait
