// run, run_main, run_on_threads: from a program's ordinary code into tasks and back.
#pragma once

#include <utility>

#include "strait/core/event_loop.hpp"
#include "strait/core/task.hpp"

namespace strait {

/// Runs `main` on a loop of its own on the calling thread until it has ended; gives its value or throws its exception.
template <class T>
T run(task<T> main) {
  event_loop loop;
  return loop.run(std::move(main));
}
/// The same with a callable that makes the task; it is kept alive.
template <detail::makes_task F>
auto run(F main) {
  event_loop loop;
  return loop.run(std::move(main));
}

template <class F>
  requires(!detail::makes_task<F> && !detail::is_task<F>)
void run(F) {
  static_assert(detail::makes_task<F>, "strait: run takes a task, or a callable that makes one: [&]() -> task<> { … }");
}

namespace detail {
using task_factory = task<> (*)(void* context, unsigned index);
void run_on_threads(unsigned count, task_factory make, void* context);
int run_main(unsigned count, task_factory make, void* context) noexcept;

template <class Factory>
task<> make_task(void* context, unsigned index) {
  if constexpr (makes_task<Factory, unsigned>) return (*static_cast<Factory*>(context))(index);
  else return (*static_cast<Factory*>(context))();
}
}  // namespace detail

/// Runs `count` loops, each on a thread of its own, the calling one included; the thread with index i in [0, count)
/// runs the task that `factory(i)` (or `factory()`) makes there. Returns when all have ended. If one fails, the others
/// are canceled and its exception is rethrown. `factory` is called from several threads at once, and outlives the
/// tasks.
///
/// For a server: let each task listen on the same endpoint with `reuse_port`, and the system spreads the connections.
template <class Factory>
void run_on_threads(unsigned count, Factory factory) {
  detail::run_on_threads(count, &detail::make_task<Factory>, &factory);
}

/// `run` for programs: `int main() { return run_main(serve_forever()); }`
///
/// The first SIGINT or SIGTERM cancels `main`, which may use `shield` and `timeout` to end in order; a second one ends
/// the process at once with status 128 + signal. Gives the exit status: 0 if `main` ended or was canceled, 1 if it
/// threw, after one line on stderr: "program: what()". The signals' former handlers are restored on return. One at a
/// time.
[[nodiscard]] inline int run_main(task<> main) noexcept {
  return detail::run_main(1, [](void* context, unsigned) { return std::move(*static_cast<task<>*>(context)); }, &main);
}

/// `run_on_threads` for programs: the signals cancel the tasks of all threads.
template <class Factory>
[[nodiscard]] int run_main(unsigned threads, Factory factory) noexcept {
  return detail::run_main(threads, &detail::make_task<Factory>, &factory);
}

}  // namespace strait
