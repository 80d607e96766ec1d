// dump_tasks: lists all tasks and what they are waiting for.
#pragma once

#include <cstddef>
#include <string>

#include "strait/base/export.hpp"
#include "strait/core/event_loop.hpp"

namespace strait {

/// Returns the tree of the tasks on `loop`, one line each: the function, the file and line of the current `co_await`,
/// and how long the task has been waiting there. Call it on the loop's thread; from another thread, use
/// `loop.post([&loop] { … })`.
///
///     serve_forever at server.cpp:17, for 4.0 s
///       echo at server.cpp:8, for 0.3 s
///
/// If there are more than `max_tasks` tasks, the first and the last `max_tasks` / 2 are listed, and between them the
/// number of tasks left out. Lines below level 32 are not indented further but state their level; names are truncated
/// to 200 characters.
[[nodiscard]] STRAIT_API std::string dump_tasks(event_loop const& loop, std::size_t max_tasks = 10'000);

}  // namespace strait
