// run, run_on_threads, run_until_signal, run_main: from a program's ordinary code into tasks and back.
#pragma once

#include <utility>

#include "strait/base/export.hpp"
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
decltype(auto) run(F main) {
  event_loop loop;
  return loop.run(std::move(main));
}

template <class F>
  requires(!detail::makes_task<F> && !detail::is_task<F>)
void run(F) {
  static_assert(detail::makes_task<F>,
                "strait: run takes a task, or a callable that returns one: [&]() -> task<> { … }");
}

namespace detail {
/// Runs on `loop` the task that the thread with this index is to run.
using loop_runner = void (*)(void* context, event_loop& loop, unsigned index);
STRAIT_API void run_on_threads(unsigned count, loop_runner run, void* context);
STRAIT_API void run_until_signal(unsigned count, loop_runner run, void* context);

template <class Factory>
void run_made(void* context, event_loop& loop, unsigned index) {
  auto& factory = *static_cast<Factory*>(context);
  if constexpr (makes_task<Factory, unsigned>) loop.run(factory(index));
  else if constexpr (makes_task<Factory>) loop.run(factory());
  else
    static_assert(
        makes_task<Factory>,
        "strait: each thread runs a task: pass a callable that returns one, [&](unsigned index) -> task<> { … }");
}

/// A loop whose `run` a signal cancels.
class STRAIT_API loop_until_signal {
 public:
  loop_until_signal();
  loop_until_signal(loop_until_signal const&) = delete;
  loop_until_signal& operator=(loop_until_signal const&) = delete;
  ~loop_until_signal();
  event_loop* operator->() const noexcept;

 private:
  struct state;
  state* state_;
};

/// What `run_main` makes of the exception that is being handled.
STRAIT_API int exit_status() noexcept;
}  // namespace detail

/// Runs `count` loops, each on a thread of its own, the calling one included; the thread with index i in [0, count)
/// runs the task that `factory(i)` (or `factory()`) makes there. Returns when all have ended. If one fails, the others
/// are canceled and its exception is rethrown. `factory` is called from several threads at once, and outlives the
/// tasks.
///
/// For a server: let each task listen on the same endpoint with `reuse_port`, and the system spreads the connections.
template <class Factory>
void run_on_threads(unsigned count, Factory factory) {
  detail::run_on_threads(count, &detail::run_made<Factory>, &factory);
}

/// `run` until a signal: the first SIGINT or SIGTERM cancels `main`, which may use `shield` and `timeout` to end in
/// order; a second one ends the process at once with status 128 + signal. Gives the value of `main` or throws its
/// exception, `canceled` included. For programs that do more at their end than `run_main` does.
///
/// Meanwhile `kill -USR1 PID` shows what every task waits for: SIGUSR1 has each loop that runs in the process write
/// `dump_tasks` to stderr, if there are several below the number of its thread, whenever it next has a turn. If
/// SIGUSR1 is ignored or has a handler when this begins, that stays.
///
/// A SIGINT or SIGTERM that is ignored when this begins stays ignored: a shell starts a script's background jobs
/// without SIGINT, so that Ctrl-C does not end them. A handler that the program has is replaced meanwhile.
///
/// The former effect of the signals is restored on return, and in each child that the process forks: a signal to the
/// child neither reaches the parent nor `main`. One at a time in a process: another throws `std::logic_error`. May
/// throw `error` if the system has no descriptors left.
///
/// In a child that has been forked while loops exist, `run` and its like may be used anew, and sockets and files that
/// belong to no loop yet. The parent's loops, their tasks, streams that have been used on them, and its
/// `stall_detector` must be neither used nor destroyed: leave the child by `exec` or `_exit`.
template <class T>
T run_until_signal(task<T> main) {
  detail::loop_until_signal const loop;
  return loop->run(std::move(main));
}
/// The same with a callable that makes the task; it is kept alive.
template <detail::makes_task F>
decltype(auto) run_until_signal(F main) {
  detail::loop_until_signal const loop;
  return loop->run(main());
}
/// `run_on_threads` until a signal, which cancels the tasks of all threads.
template <class Factory>
void run_until_signal(unsigned threads, Factory factory) {
  detail::run_until_signal(threads, &detail::run_made<Factory>, &factory);
}

template <class F>
  requires(!detail::makes_task<F> && !detail::is_task<F>)
void run_until_signal(F) {
  static_assert(detail::makes_task<F>,
                "strait: run_until_signal takes a task, or a callable that returns one: [&]() -> task<> { … }");
}

/// `run_until_signal` for programs: `int main() { return run_main(serve_forever()); }`
///
/// Gives the exit status: 0 if `main` ended, whatever its value, or was canceled; 1 if it threw, after one line on
/// stderr: "program: what()". That, as all that the library writes to stderr by itself, raises no signal.
template <class T>
[[nodiscard]] int run_main(task<T> main) noexcept {
  try {
    run_until_signal(std::move(main));
    return 0;
  } catch (...) {
    return detail::exit_status();
  }
}
/// The same with a callable that makes the task; it is kept alive. What it throws itself counts as thrown by the task:
/// `run_main([] { return serve(tcp::listen("localhost:5000"), echo); })`
template <detail::makes_task F>
[[nodiscard]] int run_main(F main) noexcept {
  try {
    detail::loop_until_signal const loop;
    loop->run(main());
    return 0;
  } catch (...) {
    return detail::exit_status();
  }
}
/// The same with `run_on_threads`: the signals cancel the tasks of all threads.
template <class Factory>
[[nodiscard]] int run_main(unsigned threads, Factory factory) noexcept {
  try {
    detail::run_until_signal(threads, &detail::run_made<Factory>, &factory);
    return 0;
  } catch (...) {
    return detail::exit_status();
  }
}

template <class F>
  requires(!detail::makes_task<F> && !detail::is_task<F>)
[[nodiscard]] int run_main(F) {
  static_assert(detail::makes_task<F>,
                "strait: run_main takes a task, or a callable that returns one: [&]() -> task<> { … }");
  return 1;
}

}  // namespace strait
