// when_all: several awaitables side by side, all of them to the end.
#pragma once

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "strait/core/task_group.hpp"

namespace strait {

/// Stands for the value of what gives none.
struct nothing {
  bool operator==(nothing const&) const = default;
};

namespace detail {

template <class T>
using value_t = std::conditional_t<std::is_void_v<T>, nothing, T>;

/// Awaits `what` and puts its value into `to`.
template <awaitable A>
task<> store(A what, std::optional<value_t<await_result_t<A>>>& to) {
  if constexpr (std::is_void_v<await_result_t<A>>) {
    co_await std::move(what);
    to.emplace();
  } else {
    to.emplace(co_await std::move(what));
  }
}

}  // namespace detail

/// Runs all of `what` side by side; completes when all have ended, with a tuple of their values (`nothing` for what has
/// none). If one fails, the others are canceled and its exception is rethrown once they have ended.
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

/// The same for any number of tasks of one kind; the values are in the order of the tasks.
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
task<> when_all(std::vector<task<>> tasks);

}  // namespace strait
