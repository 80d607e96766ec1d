// stall_detector: reports tasks that block their loop.
#pragma once

#include <string>

#include "strait/base/chrono.hpp"
#include "strait/base/detail/owned.hpp"
#include "strait/base/export.hpp"
#include "strait/base/hook.hpp"

namespace strait {

/// A task, or a function posted to a loop, that has blocked all other tasks on its loop.
struct stall {
  /// The function, for example "echo"; empty for a posted function.
  std::string function;
  /// The file of the `co_await` from which the task resumed, without directories.
  std::string file;
  /// The line of that `co_await`; 0 if the task has not awaited anything yet, and then `file` is that of its function.
  unsigned line = 0;
  /// How long the loop has been blocked: at least this long, and at most about a quarter of the limit longer.
  std::chrono::nanoseconds duration{};
  /// Whether the loop runs again.
  bool is_over = false;
  /// If `is_over`: the file of the `co_await` that the task has reached.
  std::string next_file;
  /// If `is_over`: the line of that `co_await`; 0 if the task has ended.
  unsigned next_line = 0;
};

/// Returns "echo has blocked its loop for 200 ms, since server.cpp:17" or, when the stall is over,
/// "echo blocked its loop for 1.3 s, from server.cpp:17 to server.cpp:23".
[[nodiscard]] STRAIT_API std::string describe(stall const& what);

/// Prints one line to stderr: the program's name, ": " and `describe(what)`. May be called from any thread.
STRAIT_API void print_stall(stall const& what) noexcept;

/// Reports tasks and posted functions that block a loop of this process for longer than a limit. A stall is reported
/// while it lasts, so endless loops and deadlocks are reported, too; and again when the loop continues. One line in
/// `main`:
///
///     stall_detector const watch(100ms);
///
/// It may be created and destroyed on any thread, also while loops run, and in a task. Stalls that started before it
/// was created are not reported. A process can have one stall_detector at a time.
///
/// A separate thread samples the loops four times per `limit`, so a stall is detected after at most one and a quarter
/// of the limit. The reported position is the last `co_await` at which the task really waited, not one that completed
/// immediately. Anything that stops the whole process, such as a debugger or an overloaded machine, can be mistaken for
/// a stall. For a posted function no position is known.
class STRAIT_API stall_detector {
 public:
  /// Calls `report` on the detector's thread, one call at a time, with no lock held; `report` must not throw. Throws
  /// `std::invalid_argument` if `limit` is less than 4 ms, `std::logic_error` if the process already has a
  /// stall_detector, and `error` if no thread can be started.
  explicit stall_detector(std::chrono::nanoseconds limit, hook<void(stall const&)> report = print_stall);
  stall_detector(stall_detector const&) = delete;
  stall_detector& operator=(stall_detector const&) = delete;
  /// Reports the stalls that have ended meanwhile, and waits until `report` has returned.
  ~stall_detector();

 private:
  class watchdog;
  detail::owned<watchdog> watchdog_;
};

}  // namespace strait
