// run, run_on_threads, run_until_signal, run_main: run tasks from ordinary code, and return their results.
#pragma once

#include <type_traits>
#include <utility>

#include "strait/base/export.hpp"
#include "strait/core/event_loop.hpp"
#include "strait/core/task.hpp"

namespace strait {

/// Runs `main` on a new loop on the calling thread until it and all tasks that it spawned have ended. Returns its value
/// or throws its exception, which may be `canceled`.
template <class T>
T run(task<T> main) {
  event_loop loop;
  return loop.run(std::move(main));
}
/// The same for a callable that returns a task; the callable is kept alive until the task has ended.
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
/// Runs, on `loop`, the task of the thread with this index.
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

/// A loop whose `run` is canceled by SIGINT and SIGTERM.
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

/// Returns the exit status of `run_main` for the exception that is being handled, and prints it if it is an error.
STRAIT_API int exit_status() noexcept;
}  // namespace detail

/// Runs `count` loops, each on its own thread; the first is the calling thread. On the thread with index i in [0,
/// count), the task that `factory(i)` (or `factory()`) returns is run. Returns when all tasks have ended. If a task
/// fails, the others are canceled, and its exception is rethrown. `factory` is called from several threads
/// concurrently, and outlives the tasks.
///
/// In a server, each task can listen on the same endpoint with `reuse_port`; then the kernel distributes the
/// connections.
template <class Factory>
void run_on_threads(unsigned count, Factory factory) {
  detail::run_on_threads(count, &detail::run_made<Factory>, &factory);
}

/// Like `run`, and handles signals: the first SIGINT or SIGTERM cancels `main`, which may use `shield` and `timeout` to
/// shut down gracefully; a second one ends the process immediately with status 128 + signal. Returns the value of
/// `main` or throws its exception, which may be `canceled`. For programs that need more at their end than `run_main`
/// offers.
///
/// Meanwhile `kill -USR1 PID` lists all tasks: on SIGUSR1, each running loop of the process writes `dump_tasks` to
/// stderr in its next turn; if there are several loops, below the id of its thread. If SIGUSR1 is ignored or has a
/// handler when this function is called, it is left alone.
///
/// A SIGINT or SIGTERM that is ignored when this function is called stays ignored: shells start the background jobs of
/// a script with SIGINT ignored, so that Ctrl-C does not end them. Other handlers of these signals are replaced
/// meanwhile.
///
/// The former signal handling is restored on return, and in each forked child: a signal sent to the child affects
/// neither the parent nor `main`. Only one such call may run in a process: otherwise `std::logic_error` is thrown.
/// Throws `error` if no descriptors are available.
///
/// In a child that was forked while loops exist, `run` and its variants may be called again, and sockets and files may
/// be used that have not been used on a loop yet. The parent's loops, their tasks, streams that have been used on them,
/// and its `stall_detector` must be neither used nor destroyed: leave the child by `exec` or `_exit`.
template <class T>
T run_until_signal(task<T> main) {
  detail::loop_until_signal const loop;
  return loop->run(std::move(main));
}
/// The same for a callable that returns a task; the callable is kept alive until the task has ended.
template <detail::makes_task F>
decltype(auto) run_until_signal(F main) {
  detail::loop_until_signal const loop;
  return loop->run(main());
}
/// Like `run_on_threads`, and handles signals: SIGINT and SIGTERM cancel the tasks of all threads.
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

namespace detail {

/// The type of the values of the tasks that a factory for several threads returns.
template <class Factory>
struct made_by {
  using value = void;
};
template <class Factory>
  requires makes_task<Factory, unsigned>
struct made_by<Factory> {
  using value = await_result_t<std::invoke_result_t<Factory&, unsigned>>;
};
template <class Factory>
  requires(!makes_task<Factory, unsigned> && makes_task<Factory>)
struct made_by<Factory> {
  using value = await_result_t<std::invoke_result_t<Factory&>>;
};
template <class Factory>
using made_value = typename made_by<Factory>::value;

/// Runs the task that `make(context)` returns until a signal, and returns the exit status.
template <class T>
int run_for_status(task<T> (*make)(void* context), void* context) noexcept {
  try {
    loop_until_signal const loop;
    if constexpr (std::is_same_v<T, int>) {
      return loop->run(make(context));
    } else {
      static_cast<void>(loop->run(make(context)));
      return 0;
    }
  } catch (...) {
    return exit_status();
  }
}
extern template STRAIT_API int run_for_status(task<> (*make)(void* context), void* context) noexcept;
extern template STRAIT_API int run_for_status(task<int> (*make)(void* context), void* context) noexcept;

}  // namespace detail

/// Runs a program's main task with `run_until_signal`: `int main() { return run_main(serve_forever()); }`
///
/// Returns the exit status: the value of a `task<int>`; 0 if a `task<>` completed; 0 if `main` was canceled; 1 if it
/// threw, after printing one line to stderr: "program: what()". As everywhere in the library, writing to stderr raises
/// no signal.
template <class T>
[[nodiscard]] int run_main(task<T> main) noexcept {
  static_assert(std::is_void_v<T> || std::is_same_v<T, int>,
                "strait: run_main takes a task<>, or a task<int> whose value is the exit status. For a server, pass "
                "a callable, run_main([] { return serve(tcp::listen(…), handler); }), so that a port that is in use is "
                "reported, too");
  if constexpr (std::is_void_v<T> || std::is_same_v<T, int>) {
    auto const make = [](void* context) { return std::move(*static_cast<task<T>*>(context)); };
    return detail::run_for_status<T>(make, &main);
  }
  return 1;
}
/// The same for a callable that returns a task; the callable is kept alive until the task has ended. An exception of
/// the callable is handled like one of the task: `run_main([] { return serve(tcp::listen("localhost:5000"), echo); })`
/// Values of class types, such as the statistics that `serve` returns, are ignored.
template <detail::makes_task F>
[[nodiscard]] int run_main(F main) noexcept {
  using value = await_result_t<std::invoke_result_t<F&>>;
  static_assert(!std::is_scalar_v<value> || std::is_same_v<value, int>,
                "strait: run_main would ignore the value of this task. The value of a task<int> is the exit status");
  auto const make = [](void* context) { return (*static_cast<F*>(context))(); };
  return detail::run_for_status<value>(make, &main);
}
/// Runs the tasks of several threads as `run_on_threads` does; SIGINT and SIGTERM cancel all of them.
template <class Factory>
[[nodiscard]] int run_main(unsigned threads, Factory factory) noexcept {
  static_assert(!std::is_scalar_v<detail::made_value<Factory>>,
                "strait: run_main on several threads would ignore the values of their tasks: make them task<>");
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
