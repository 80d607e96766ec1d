// stall_detector: names the task that holds its loop.
#pragma once

#include <memory>
#include <string>

#include "strait/base/chrono.hpp"
#include "strait/base/export.hpp"
#include "strait/base/hook.hpp"

namespace strait {

/// A task, or a function posted to a loop, that has kept all others on its loop waiting.
struct stall {
  std::string function;  ///< "void echo(strait::tcp::stream)"; empty: it is no task, but a function that was posted
  std::string file;      ///< of the await from which the task went on, without the folders
  unsigned line = 0;     ///< of the same; 0: the task has only begun, and `file` is that of its function
  std::chrono::nanoseconds duration{};  ///< for how long: at least, and about a quarter of the limit more at most
  bool is_over = false;                 ///< the loop goes on
  std::string next_file;                ///< if it is over, of the await at which the task now stands
  unsigned next_line = 0;               ///< of the same; 0: the task has ended
};

/// "void echo(strait::tcp::stream) has blocked its loop for 200 ms, since server.cpp:17", and when it is over
/// "void echo(strait::tcp::stream) blocked its loop for 1.3 s, from server.cpp:17 to server.cpp:23".
[[nodiscard]] STRAIT_API std::string describe(stall const& what);

/// One line on stderr: "program: " and what `describe` gives. From any thread.
STRAIT_API void print_stall(stall const& what) noexcept;

/// While it exists, whatever holds a loop of this process for longer than a limit is reported: at once, while it still
/// does, so that an endless loop or a deadlock is, too; and again when the loop goes on. One line in `main`:
///
///     stall_detector const watch(100ms);
///
/// Made and destroyed in any thread, before loops run, beside them or in a task; what has begun before it does not
/// count. One at a time.
///
/// It has a thread of its own, which looks at the loops four times in each `limit`: so a stall is found when it has
/// lasted up to a quarter of a limit longer. An await that has completed at once does not count: the place is where the
/// task last waited, for an operation or for another task. What makes the whole process wait, such as a debugger or a
/// busy machine, can be taken for a stall. Of a function that is posted it is known only that it is one.
class STRAIT_API stall_detector {
 public:
  /// `limit` is at least 4 ms. Calls `report` from its thread, one call after the other, with no lock held; it must not
  /// throw. Throws `std::invalid_argument`, `std::logic_error` if there is one already, and `error` if the system has
  /// no thread left.
  explicit stall_detector(std::chrono::nanoseconds limit, hook<void(stall const&)> report = print_stall);
  stall_detector(stall_detector const&) = delete;
  stall_detector& operator=(stall_detector const&) = delete;
  /// Reports what has ended by now. Waits for a `report` that runs.
  ~stall_detector();

 private:
  class watchdog;
  std::unique_ptr<watchdog> watchdog_;
};

}  // namespace strait
