// Measures for how long a loop of awaits keeps another task from running.
#pragma once

#include <strait/core/cancel_scope.hpp>
#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>

#include "waiting.hpp"

namespace strait::test {

/// The limit for a test: a task yields after 1,024 steps, of which an await takes at least one, and the other task
/// needs a few turns.
inline constexpr int enough = 8'000;

/// How many times the result of `again` is awaited, in a loop that catches everything, before another task has had
/// three turns.
template <class Again>
int rounds_beside_another_task(Again again, bool in_canceled_scope = false) {
  constexpr int too_many = 100'000;
  int rounds = 0;
  run([&]() -> task<> {
    bool other_has_run = false;
    cancel_scope scope;
    if (in_canceled_scope) scope.cancel();
    auto repeat = [&]() -> task<> {
      while (!other_has_run && rounds != too_many) {
        ++rounds;
        try {
          static_cast<void>(co_await again());
        } catch (...) {}
      }
    };
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await turns(3);
        other_has_run = true;
      });
      co_await scope.run(repeat());
    };
    co_await with_task_group(body);
  });
  return rounds;
}

}  // namespace strait::test
